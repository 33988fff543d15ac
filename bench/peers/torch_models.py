"""The project's networks in PyTorch, written as fast as its eager mode allows: channels last throughout.

Specs are the plain records that bench/workloads.ts writes.
"""

import torch
from torch import nn


def pointwise(in_channels, out_channels):
    return [nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]


def depthwise(channels, kernel, stride):
    convolution = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)
    return [convolution, nn.BatchNorm2d(channels)]


def main_branch(choice, in_channels, inner, out_channels, stride):
    kernel = choice["kernel"]
    if choice["kind"] == "shuffle":
        return pointwise(in_channels, inner) + depthwise(inner, kernel, stride) + pointwise(inner, out_channels)
    return (
        depthwise(in_channels, kernel, stride) + pointwise(in_channels, inner)
        + depthwise(inner, kernel, 1) + pointwise(inner, inner)
        + depthwise(inner, kernel, 1) + pointwise(inner, out_channels)
    )


def shuffled_halves(x):
    """Both halves of the channels after interleaving (shuffle method 1).

    The permutation is made on the tensor as it lies in memory, N H W C: the usual reshape of N C H W copies into that
    order, and the convolution after it copies back, which makes a block 1.3 to 1.6 times as slow.
    """
    n, c, h, w = x.shape
    lying = x.permute(0, 2, 3, 1).reshape(n, h, w, 2, c // 2)
    return lying.transpose(3, 4).reshape(n, h, w, c).permute(0, 3, 1, 2).chunk(2, 1)


class Block(nn.Module):
    """One choice of one block. At stride 1 half the channels pass."""

    def __init__(self, choice, in_channels, out_channels, stride):
        super().__init__()
        inner = out_channels // 2
        self.projection = None
        if stride == 1:
            self.main = nn.Sequential(*main_branch(choice, inner, inner, inner, 1))
            return
        projection = depthwise(in_channels, choice["kernel"], 2) + pointwise(in_channels, in_channels)
        self.projection = nn.Sequential(*projection)
        self.main = nn.Sequential(*main_branch(choice, in_channels, inner, out_channels - in_channels, 2))

    def forward(self, x):
        if self.projection is not None:
            return torch.cat([self.projection(x), self.main(x)], 1)
        passed, rest = shuffled_halves(x)
        return torch.cat([passed, self.main(rest)], 1)


def stem(channels):
    return nn.Sequential(nn.Conv2d(3, channels, 3, 2, 1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class Supernet(nn.Module):
    """The stem and the blocks, each with all choices or with those of one path alone."""

    def __init__(self, space, path=None):
        super().__init__()
        self.stem = stem(space["stemChannels"])
        self.blocks = nn.ModuleList()
        self.stage_ends = []
        in_channels = space["stemChannels"]
        for repeats, out_channels in zip(space["stageRepeats"], space["stageChannels"]):
            for index in range(repeats):
                own = space["choices"] if path is None else [space["choices"][path[len(self.blocks)]]]
                shape = (in_channels, out_channels, 2 if index == 0 else 1)
                self.blocks.append(nn.ModuleList(Block(choice, *shape) for choice in own))
                in_channels = out_channels
            self.stage_ends.append(len(self.blocks) - 1)

    def forward(self, images, choices=None):
        """Outputs of the four stages."""
        x = self.stem(images)
        taps = []
        for index, block in enumerate(self.blocks):
            x = block[0 if choices is None else choices[index]](x)
            if index in self.stage_ends:
                taps.append(x)
        return taps


class Classifier(nn.Module):
    """A backbone, the last 1x1 convolution and a linear layer."""

    def __init__(self, space, classes, path=None):
        super().__init__()
        channels = space["lastChannels"]
        self.backbone = Supernet(space, path)
        self.last = nn.Sequential(*pointwise(space["stageChannels"][-1], channels))
        self.head = nn.Sequential(
            nn.Dropout2d(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))

    def forward(self, images, choices=None):
        return self.head(self.last(self.backbone(images, choices)[-1]))


def conv(in_channels, out_channels, kernel, norm, stride=1, bias=True):
    layers = [nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=bias)]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(out_channels)] if norm == "batch" else []))


class Pyramid(nn.Module):
    """Feature pyramid; its extra levels are convolved (RetinaNet) or subsampled (Faster R-CNN)."""

    def __init__(self, stage_channels, detector):
        super().__init__()
        first, last = detector["levels"]
        channels, norm = detector["channels"], detector["norm"]
        self.first_tap = first - 2
        own = stage_channels[self.first_tap:]
        self.lateral = nn.ModuleList(conv(c, channels, 1, norm) for c in own)
        self.output = nn.ModuleList(conv(channels, channels, 3, norm) for _ in own)
        self.extra_levels = last - 5
        extra = self.extra_levels if detector["kind"] == "retinanet" else 0
        self.extra = nn.ModuleList(conv(channels, channels, 3, "none", 2) for _ in range(extra))

    def forward(self, taps):
        merged = [lateral(x) for lateral, x in zip(self.lateral, taps[self.first_tap:])]
        for i in range(len(merged) - 2, -1, -1):
            enlarged = nn.functional.interpolate(merged[i + 1], scale_factor=2, mode="nearest")
            height, width = merged[i].shape[2:]
            merged[i] = merged[i] + enlarged[:, :, :height, :width]
        levels = [output(x) for output, x in zip(self.output, merged)]
        for i in range(self.extra_levels):
            if len(self.extra) == 0:
                levels.append(levels[-1][:, :, ::2, ::2])
            else:
                levels.append(self.extra[i](levels[-1] if i == 0 else nn.functional.relu(levels[-1])))
        return levels


def by_anchor(x, depth):
    """`[N, A D, H, W]` to `[N, H W A, D]`; without a copy, as channels lie last."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, depth)


class Tower(nn.Module):
    """Convolutions shared by all levels, and a batch norm for each level after each of them; then the predictor."""

    def __init__(self, detector, anchors, depth):
        super().__init__()
        first, last = detector["levels"]
        channels, normed = detector["channels"], detector["norm"] == "batch"
        count = detector["towerConvs"]
        self.depth = depth
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, 1, 1, bias=not normed) for _ in range(count))
        norms = last - first + 1 if normed else 0
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(norms)) for _ in range(count))
        self.predictor = nn.Conv2d(channels, anchors * depth, 3, 1, 1)

    def forward(self, levels):
        predictions = []
        for level, x in enumerate(levels):
            for convolution, norms in zip(self.convs, self.norms):
                x = convolution(x)
                x = nn.functional.relu(norms[level](x) if len(norms) > 0 else x, inplace=True)
            predictions.append(by_anchor(self.predictor(x), self.depth))
        return torch.cat(predictions, 1)


class ProposalHead(nn.Module):
    """Logits `[N, R]` and deltas `[N, R, 4]` of all anchors."""

    def __init__(self, channels, anchors):
        super().__init__()
        self.hidden = nn.Conv2d(channels, channels, 3, 1, 1)
        self.object = nn.Conv2d(channels, anchors, 1)
        self.box = nn.Conv2d(channels, 4 * anchors, 1)
        for layer in (self.hidden, self.object, self.box):
            nn.init.normal_(layer.weight, std=0.01)

    def forward(self, levels):
        hidden = [nn.functional.relu(self.hidden(x), inplace=True) for x in levels]
        logits = torch.cat([by_anchor(self.object(x), 1) for x in hidden], 1).squeeze(2)
        return logits, torch.cat([by_anchor(self.box(x), 4) for x in hidden], 1)


class BoxHead(nn.Module):
    """Convolutions with batch norm, one linear layer, then classes and boxes."""

    def __init__(self, detector, classes):
        super().__init__()
        channels, head = detector["channels"], detector["boxHead"]
        normed = detector["norm"] == "batch"
        layers = []
        for _ in range(head["convs"]):
            layers += [conv(channels, channels, 3, detector["norm"], bias=not normed), nn.ReLU(inplace=True)]
        self.convs = nn.Sequential(*layers)
        self.hidden = nn.Linear(head["poolSide"] ** 2 * channels, head["hidden"])
        self.classes = nn.Linear(head["hidden"], classes + 1)
        self.boxes = nn.Linear(head["hidden"], 4 * classes)

    def forward(self, features):
        flat = self.convs(features).permute(0, 2, 3, 1).reshape(features.shape[0], -1)
        common = nn.functional.relu(self.hidden(flat), inplace=True)
        return self.classes(common), self.boxes(common)


def fold_batch_norms(module):
    """Folds each batch norm after a convolution into it, as one does before inference."""
    for child in module.modules():
        if not isinstance(child, nn.Sequential):
            continue
        for index in range(len(child) - 1):
            convolution, norm = child[index], child[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                child[index] = nn.utils.fusion.fuse_conv_bn_eval(convolution, norm)
                child[index + 1] = nn.Identity()
    return module
