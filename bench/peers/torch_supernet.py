"""The same work as bench/supernet_step.ts, in PyTorch: whole path-wise training steps of the small space's supernet.

    python torch_supernet.py BATCH SIZE STEPS

prints one JSON line { medianMs, minMs, peakRssBytes, device }. Each step draws one choice a block, runs forward and
backward with label smoothing and dropout, and applies SGD to the units on the path. Warm-up steps are left out.
"""

import json
import random
import statistics
import sys
import time

import torch
from torch import nn

from torch_models import Classifier
from torch_peer import laid_out, optimiser_of, peak_rss_bytes, random_images, synchronize

SPACE = {
    "stageRepeats": (4, 4, 8, 4),
    "stemChannels": 16,
    "stageChannels": (64, 160, 320, 640),
    "lastChannels": 1024,
    "choices": [*({"kind": "shuffle", "kernel": k} for k in (3, 5, 7)), {"kind": "xception", "kernel": 3}],
}
CLASSES = 1000
WARM_UP_STEPS = 5


def main(batch, size, steps):
    torch.manual_seed(0)
    draw = random.Random(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = laid_out(Classifier(SPACE, CLASSES), device).train()
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimiser = optimiser_of(net, 4e-5)
    images = random_images({"images": batch, "heightPx": size, "widthPx": size})
    labels = torch.randint(0, CLASSES, (batch,))

    times_ms = []
    for step in range(WARM_UP_STEPS + steps):
        choices = [draw.randrange(len(SPACE["choices"])) for _ in net.backbone.blocks]
        start = time.perf_counter()
        x = images.to(device).permute(0, 3, 1, 2).float()
        optimiser.zero_grad(set_to_none=True)  # units off the path keep no gradient, and so are not moved
        loss = loss_of(net(x, choices), labels.to(device))
        loss.backward()
        optimiser.step()
        loss.item()
        synchronize(device)
        if step >= WARM_UP_STEPS:
            times_ms.append((time.perf_counter() - start) * 1000)

    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(json.dumps({
        "medianMs": statistics.median(times_ms),
        "minMs": min(times_ms),
        "peakRssBytes": peak_rss_bytes(),
        "device": f"{device.type}, PyTorch {torch.__version__}, {name}",
    }))


if __name__ == "__main__":
    if len(sys.argv) != 4 or not all(argument.isdecimal() and int(argument) > 0 for argument in sys.argv[1:]):
        sys.exit("usage: torch_supernet.py BATCH SIZE STEPS")
    main(*map(int, sys.argv[1:]))
