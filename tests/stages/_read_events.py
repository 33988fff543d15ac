"""Prints a folder's events as TensorBoard itself reads them, as JSON: {"scalars": {tag: [[step, value]]}, "texts": [tag]}."""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
accumulator.Reload()
tags = accumulator.Tags()
scalars = {tag: [[point.step, point.value] for point in accumulator.Scalars(tag)] for tag in tags["scalars"]}
print(json.dumps({"scalars": scalars, "texts": sorted(tags["tensors"])}))
