"""The same work as bench/supernet_step.ts, in PyTorch: whole path-wise training steps of the small space's supernet.

    python torch_supernet.py BATCH SIZE STEPS

prints one JSON line { medianMs, minMs, peakRssBytes, device }. Each step draws one choice a block, runs forward and
backward with label smoothing and dropout, and applies SGD to the units on the path. Warm-up steps are left out.
"""

import json
import random
import resource
import statistics
import sys
import time

import torch
from torch import nn

STAGE_REPEATS = (4, 4, 8, 4)
STEM_CHANNELS = 16
STAGE_CHANNELS = (64, 160, 320, 640)
LAST_CHANNELS = 1024
CLASSES = 1000
CHOICES = 4
XCEPTION = 3  # choices 0, 1 and 2 are shuffle blocks with kernels 3, 5 and 7
WARM_UP_STEPS = 5


def pointwise(in_channels, out_channels):
    return [nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]


def depthwise(channels, kernel, stride):
    convolution = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)
    return [convolution, nn.BatchNorm2d(channels)]


def main_branch(choice, in_channels, inner, out_channels, stride):
    if choice != XCEPTION:
        kernel = 3 + 2 * choice
        return pointwise(in_channels, inner) + depthwise(inner, kernel, stride) + pointwise(inner, out_channels)
    return (
        depthwise(in_channels, 3, stride) + pointwise(in_channels, inner)
        + depthwise(inner, 3, 1) + pointwise(inner, inner)
        + depthwise(inner, 3, 1) + pointwise(inner, out_channels)
    )


class Block(nn.Module):
    """One choice of one block. At stride 1 half the channels pass, interleaved (shuffle method 1)."""

    def __init__(self, choice, in_channels, out_channels, stride):
        super().__init__()
        inner = out_channels // 2
        if stride == 1:
            self.projection = None
            self.main = nn.Sequential(*main_branch(choice, inner, inner, inner, 1))
            return
        kernel = 3 if choice == XCEPTION else 3 + 2 * choice
        self.projection = nn.Sequential(*depthwise(in_channels, kernel, 2), *pointwise(in_channels, in_channels))
        self.main = nn.Sequential(*main_branch(choice, in_channels, inner, out_channels - in_channels, 2))

    def forward(self, x):
        if self.projection is not None:
            return torch.cat([self.projection(x), self.main(x)], 1)
        n, c, h, w = x.shape
        interleaved = x.reshape(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        passed, rest = interleaved.chunk(2, 1)
        return torch.cat([passed, self.main(rest)], 1)


class Supernet(nn.Module):
    """The stem, every choice of every block, and the classification head."""

    def __init__(self):
        super().__init__()
        stem = nn.Conv2d(3, STEM_CHANNELS, 3, 2, 1, bias=True)
        self.stem = nn.Sequential(stem, nn.BatchNorm2d(STEM_CHANNELS), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList()
        in_channels = STEM_CHANNELS
        for repeats, out_channels in zip(STAGE_REPEATS, STAGE_CHANNELS):
            for index in range(repeats):
                stride = 2 if index == 0 else 1
                choices = [Block(choice, in_channels, out_channels, stride) for choice in range(CHOICES)]
                self.blocks.append(nn.ModuleList(choices))
                in_channels = out_channels
        self.last = nn.Sequential(*pointwise(in_channels, LAST_CHANNELS))
        self.head = nn.Sequential(nn.Dropout2d(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(LAST_CHANNELS, CLASSES))

    def forward(self, images, choices):
        x = self.stem(images)
        for block, choice in zip(self.blocks, choices):
            x = block[choice](x)
        return self.head(self.last(x))


def main(batch, size, steps):
    torch.manual_seed(0)
    draw = random.Random(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = Supernet().train().to(device, memory_format=torch.channels_last)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
    optimiser = torch.optim.SGD([{"params": decayed, "weight_decay": 4e-5}, {"params": others}], lr=0.01, momentum=0.9)
    images = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (batch,))

    times_ms = []
    for step in range(WARM_UP_STEPS + steps):
        choices = [draw.randrange(CHOICES) for _ in net.blocks]
        start = time.perf_counter()
        x = images.to(device).float().contiguous(memory_format=torch.channels_last)
        optimiser.zero_grad(set_to_none=True)  # units off the path keep no gradient, and so are not moved
        loss = loss_of(net(x, choices), labels.to(device))
        loss.backward()
        optimiser.step()
        loss.item()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if step >= WARM_UP_STEPS:
            times_ms.append((time.perf_counter() - start) * 1000)

    rss_unit_bytes = 1 if sys.platform == "darwin" else 1024
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(json.dumps({
        "medianMs": statistics.median(times_ms),
        "minMs": min(times_ms),
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * rss_unit_bytes,
        "device": f"{device.type}, PyTorch {torch.__version__}, {name}",
    }))


if __name__ == "__main__":
    if len(sys.argv) != 4 or not all(argument.isdecimal() and int(argument) > 0 for argument in sys.argv[1:]):
        sys.exit("usage: torch_supernet.py BATCH SIZE STEPS")
    main(*map(int, sys.argv[1:]))
