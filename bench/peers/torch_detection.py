"""Both detectors' losses in PyTorch: targets, proposals, sampling and RoIAlign, as lib/train's detectors have them."""

import math

import torch
import torchvision
from torch import nn

from torch_models import BoxHead, ProposalHead, Pyramid, Supernet, Tower

LARGEST_SCALE = math.log(1000 / 16)


def anchors_of(detector, height, width):
    """One `[H W A, 4]` tensor a level."""
    first, last = detector["levels"]
    per_level = []
    for level in range(first, last + 1):
        stride = 2 ** level
        octaves = [2 ** (i / detector["scalesPerOctave"]) for i in range(detector["scalesPerOctave"])]
        sides = [detector["anchorScale"] * stride * octave for octave in octaves]
        shapes = [(s * math.sqrt(r), s / math.sqrt(r)) for r in detector["aspectRatios"] for s in sides]
        around = torch.tensor([[-w / 2, -h / 2, w / 2, h / 2] for h, w in shapes])
        ys = (torch.arange(math.ceil(height / stride)) + 0.5) * stride
        xs = (torch.arange(math.ceil(width / stride)) + 0.5) * stride
        y, x = torch.meshgrid(ys, xs, indexing="ij")
        centres = torch.stack([x, y, x, y], 2).reshape(-1, 1, 4)
        per_level.append((centres + around).reshape(-1, 4))
    return per_level


def centre_form(boxes):
    size = boxes[:, 2:] - boxes[:, :2]
    return boxes[:, :2] + size / 2, size


def encode(boxes, references, scale=(1, 1)):
    centre, size = centre_form(boxes)
    own_centre, own_size = centre_form(references)
    return torch.cat([(centre - own_centre) / own_size * scale[0], (size / own_size).log() * scale[1]], 1)


def decode(deltas, references):
    centre, size = centre_form(references)
    middle = centre + deltas[:, :2] * size
    half = deltas[:, 2:].clamp(max=LARGEST_SCALE).exp() * size / 2
    return torch.cat([middle - half, middle + half], 1)


def matched(references, boxes, foreground, background):
    """Of each reference: the box it overlaps most, and 1 (positive), 0 (negative) or -1 (neither)."""
    iou = torchvision.ops.box_iou(references, boxes)
    best, index = iou.max(1)
    label = torch.full_like(index, -1)
    label[best < background] = 0
    label[best >= foreground] = 1
    label[(iou == iou.max(0).values.clamp(min=1e-6)).any(1)] = 1  # each box has one
    return index, label


def sampled(label, count, positive_share):
    """Indices of the positives and the negatives that are drawn."""
    positive, negative = (label == 1).nonzero()[:, 0], (label == 0).nonzero()[:, 0]
    positives = min(len(positive), int(count * positive_share))
    drawn = positive[torch.randperm(len(positive))[:positives]]
    return drawn, negative[torch.randperm(len(negative))[:count - positives]]


def smooth_l1_sum(deltas, targets, beta):
    return nn.functional.smooth_l1_loss(deltas, targets, beta=beta, reduction="sum")


class RetinaNet(nn.Module):
    """One stage."""

    def __init__(self, workload):
        super().__init__()
        detector, space = workload["detector"], workload["space"]
        anchors = detector["scalesPerOctave"] * len(detector["aspectRatios"])
        self.detector, self.classes = detector, workload["classes"]
        self.backbone = Supernet(space, workload["path"])
        self.pyramid = Pyramid(space["stageChannels"], detector)
        self.class_tower = Tower(detector, anchors, self.classes)
        self.box_tower = Tower(detector, anchors, 4)
        self.anchors = torch.cat(anchors_of(detector, workload["heightPx"], workload["widthPx"]))
        for tower in (self.class_tower, self.box_tower):
            for layer in [*tower.convs, tower.predictor]:
                nn.init.normal_(layer.weight, std=0.01)
        nn.init.constant_(self.class_tower.predictor.bias, -math.log((1 - detector["prior"]) / detector["prior"]))

    def forward(self, images):
        levels = self.pyramid(self.backbone(images))
        return self.class_tower(levels), self.box_tower(levels)

    def loss(self, network, images, boxes, classes):
        logits, deltas = network(images)
        detector = self.detector
        anchors = self.anchors.to(images.device)
        one_hot = torch.zeros_like(logits)
        counts = torch.ones(logits.shape[:2], device=logits.device)
        box_sum, positives = 0, 0
        for i in range(len(boxes)):
            index, label = matched(anchors, boxes[i], detector["foregroundIou"], detector["backgroundIou"])
            positive = (label == 1).nonzero()[:, 0]
            one_hot[i, positive, classes[i][index[positive]]] = 1
            counts[i, label == -1] = 0
            targets = encode(boxes[i][index[positive]], anchors[positive])
            box_sum = box_sum + smooth_l1_sum(deltas[i, positive], targets, detector["smoothL1Beta"])
            positives += len(positive)
        focal = torchvision.ops.sigmoid_focal_loss(logits, one_hot, detector["focalAlpha"], detector["focalGamma"])
        return (focal.sum(2) * counts).sum() / max(1, positives) + box_sum / max(1, 4 * positives)


class FasterRcnn(nn.Module):
    """Two stages."""

    def __init__(self, workload):
        super().__init__()
        detector, space = workload["detector"], workload["space"]
        self.detector, self.classes = detector, workload["classes"]
        self.size = (workload["heightPx"], workload["widthPx"])
        self.backbone = Supernet(space, workload["path"])
        self.pyramid = Pyramid(space["stageChannels"], detector)
        anchors = detector["scalesPerOctave"] * len(detector["aspectRatios"])
        self.proposal_head = ProposalHead(detector["channels"], anchors)
        self.box_head = BoxHead(detector, self.classes)
        self.anchors = anchors_of(detector, *self.size)

    def forward(self, images):
        levels = self.pyramid(self.backbone(images))
        return [*levels[:-1], *self.proposal_head(levels)]

    def loss(self, network, images, boxes, classes):
        *levels, logits, deltas = network(images)
        anchors = [level.to(images.device) for level in self.anchors]
        first = self.proposal_loss(logits, deltas, torch.cat(anchors), boxes)
        with torch.no_grad():
            proposals = [self.proposals(logits[i], deltas[i], anchors) for i in range(len(boxes))]
        return first + self.roi_loss(levels, proposals, boxes, classes)

    def proposal_loss(self, logits, deltas, anchors, boxes):
        own = self.detector["proposals"]
        entropy, distance, count = 0, 0, 0
        for i in range(len(boxes)):
            index, label = matched(anchors, boxes[i], own["foregroundIou"], own["backgroundIou"])
            positive, negative = sampled(label, own["anchorsPerImage"], own["positiveShare"])
            drawn = torch.cat([positive, negative])
            entropy = entropy + nn.functional.binary_cross_entropy_with_logits(
                logits[i, drawn], label[drawn].float(), reduction="sum")
            targets = encode(boxes[i][index[positive]], anchors[positive])
            distance = distance + smooth_l1_sum(deltas[i, positive], targets, own["smoothL1Beta"])
            count += len(drawn)
        return (entropy + distance) / max(1, count)

    def proposals(self, logits, deltas, anchors):
        """Best proposals of one image over all levels, after suppression in each."""
        own = self.detector["proposals"]
        height, width = self.size
        kept_boxes, kept_scores, start = [], [], 0
        for level in anchors:
            end = start + len(level)
            scores, index = logits[start:end].topk(min(len(level), own["trainingCandidatesPerLevel"]))
            boxes = decode(deltas[start:end][index], level[index])
            boxes = torchvision.ops.clip_boxes_to_image(boxes, (height, width))
            kept = torchvision.ops.nms(boxes, scores, own["nmsIou"])[:own["trainingProposals"]]
            kept_boxes.append(boxes[kept])
            kept_scores.append(scores[kept])
            start = end
        scores = torch.cat(kept_scores)
        best = scores.topk(min(len(scores), own["trainingProposals"])).indices
        return torch.cat(kept_boxes)[best]

    def roi_loss(self, levels, proposals, boxes, classes):
        own = self.detector["boxHead"]
        rois, labels, targets = [], [], []
        for i in range(len(boxes)):
            candidates = torch.cat([proposals[i], boxes[i]])
            best, index = torchvision.ops.box_iou(candidates, boxes[i]).max(1)
            label = (best >= own["foregroundIou"]).long()
            positive, negative = sampled(label, own["proposalsPerImage"], own["positiveShare"])
            drawn = torch.cat([positive, negative])
            rois.append(candidates[drawn])
            labels.append(torch.where(label[drawn] == 1, classes[i][index[drawn]], self.classes))
            targets.append(encode(boxes[i][index[drawn]], candidates[drawn].clamp(min=0) + 1e-3, (10, 5)))
        labels, targets = torch.cat(labels), torch.cat(targets)
        logits, deltas = self.box_head(self.features(levels, rois))
        positive = (labels < self.classes).nonzero()[:, 0]
        own_class = deltas.reshape(-1, self.classes, 4)[positive, labels[positive]]
        distance = smooth_l1_sum(own_class, targets[positive], own["smoothL1Beta"])
        return nn.functional.cross_entropy(logits, labels) + distance / len(labels)

    def features(self, levels, rois):
        """RoIAlign, each region from the level that fits its size."""
        own, all_rois = self.detector["boxHead"], torch.cat(rois)
        first = self.detector["levels"][0]
        sizes = ((all_rois[:, 2] - all_rois[:, 0]) * (all_rois[:, 3] - all_rois[:, 1])).clamp(min=1).sqrt()
        of_roi = (4 + (sizes / 224 + 1e-6).log2()).floor().clamp(first, first + len(levels) - 1).long()
        images = torch.cat([torch.full((len(r), 1), float(i), device=r.device) for i, r in enumerate(rois)])
        indexed = torch.cat([images, all_rois], 1)
        side = own["poolSide"]
        parts, places = [], []
        for i, level in enumerate(levels):
            here = (of_roi == first + i).nonzero()[:, 0]
            parts.append(torchvision.ops.roi_align(
                level, indexed[here], side, 2.0 ** -(first + i), own["samplingRatio"], False))
            places.append(here)
        order = torch.cat(places).argsort()
        return torch.cat(parts)[order].contiguous(memory_format=torch.channels_last)


def detector_of(workload):
    return {"retinanet": RetinaNet, "faster-rcnn": FasterRcnn}[workload["detector"]["kind"]](workload)
