"""Prints a folder's events as TensorBoard itself reads them, as JSON: {"scalars": {tag: [[step, value]]}, "texts": [tag],
"images": {tag: [[step, width, height, the encoded image in base64]]}}."""
import base64
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0, "images": 0})
accumulator.Reload()
tags = accumulator.Tags()
scalars = {tag: [[point.step, point.value] for point in accumulator.Scalars(tag)] for tag in tags["scalars"]}
images = {
    tag: [
        [image.step, image.width, image.height, base64.b64encode(image.encoded_image_string).decode()]
        for image in accumulator.Images(tag)
    ]
    for tag in tags["images"]
}
print(json.dumps({"scalars": scalars, "texts": sorted(tags["tensors"]), "images": images}))
