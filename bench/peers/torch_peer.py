"""PyTorch's side of bench:peers: times what it is asked for, one JSON line a request, as bench/peers/peer.ts says.

    python torch_peer.py cpu|cuda THREADS

Modes: `eager`; `compile` (torch.compile of the whole network); for inference also `folded` (eager, batch norms folded).
"""

import json
import os
import resource
import sys
import time

import torch
from torch import nn

from torch_models import Block, Classifier, Supernet, fold_batch_norms

WARM_UP_CALLS = 3  # the first compiles
WARM_UP_SECONDS = 3  # without compiling


def optimiser_of(network, weight_decay):
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": others}]
    return torch.optim.SGD(groups, lr=1e-4, momentum=0.9, fused=not torch.cuda.is_available())  # fused: the fastest on a CPU; on a GPU some versions refuse missing gradients


def laid_out(network, device):
    return network.to(device, memory_format=torch.channels_last)


def random_input(workload, channels, device):
    shape = (workload["images"], channels, workload["heightPx"], workload["widthPx"])
    return torch.randn(shape, device=device).contiguous(memory_format=torch.channels_last)


def random_images(workload):
    shape = (workload["images"], workload["heightPx"], workload["widthPx"], 3)
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def inference(network, x, mode):
    network.eval()
    if mode == "folded":
        fold_batch_norms(network)
    run = torch.compile(network) if mode == "compile" else network

    def call():
        with torch.inference_mode():
            run(x)
    return call


def block(workload, mode, device):
    shape = (workload["inChannels"], workload["outChannels"], workload["stride"])
    network = laid_out(Block(workload["choice"], *shape), device)
    x = random_input(workload, workload["inChannels"], device)
    if workload["pass"] == "infer":
        return inference(network, x, mode)
    network.train()
    x.requires_grad_(True)
    run = torch.compile(network) if mode == "compile" else network

    def call():
        x.grad = None
        network.zero_grad(set_to_none=True)
        y = run(x)
        y.backward(y.detach())
    return call


def backbone(workload, mode, device):
    network = laid_out(Supernet(workload["space"], workload["path"]), device)
    return inference(network, random_input(workload, 3, device), mode)


def training_step(network, loss_of, weight_decay, images, device):
    optimiser = optimiser_of(network, weight_decay)

    def call():
        x = images.to(device).permute(0, 3, 1, 2).float()
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(x)
        loss.backward()
        optimiser.step()
        loss.item()
    return call


def classification_step(workload, mode, device):
    network = laid_out(Classifier(workload["space"], workload["classes"], workload["path"]), device).train()
    labels = torch.randint(0, workload["classes"], (workload["images"],))
    entropy = nn.CrossEntropyLoss(label_smoothing=0.1)
    run = torch.compile(network) if mode == "compile" else network
    return training_step(
        network, lambda x: entropy(run(x), labels.to(device)), 4e-5, random_images(workload), device)


def detection_step(workload, mode, device):
    from torch_detection import detector_of  # imports torchvision, which other rows need not have
    network = laid_out(detector_of(workload), device).train()
    boxes = [torch.tensor(b, device=device).reshape(-1, 4) for b in workload["boxesXyxy"]]
    classes = [torch.tensor(c, device=device) for c in workload["classIndices"]]
    run = network
    if mode == "compile":
        run = torch.compile(network)
        if hasattr(network, "box_head"):
            network.box_head.compile()
    return training_step(
        network, lambda x: network.loss(run, x, boxes, classes), 1e-4, random_images(workload), device)


PREPARE = {
    "block": block,
    "backbone": backbone,
    "classification-step": classification_step,
    "detection-step": detection_step,
}


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


class Peer:
    """Holds what the workload at hand has been prepared for, one function a mode."""

    def __init__(self, device):
        self.device = device
        self.workload = None
        self.calls = {}

    def prepared(self, workload, mode):
        if workload["name"] != self.workload:
            self.workload, self.calls = workload["name"], {}
            torch.compiler.reset()
        if mode not in self.calls:
            torch.manual_seed(0)
            call = PREPARE[workload["kind"]](workload, mode, self.device)
            start = time.perf_counter()
            call()
            if mode == "compile":
                start = time.perf_counter()
            for _ in range(WARM_UP_CALLS - 1):
                if time.perf_counter() - start < WARM_UP_SECONDS:
                    call()
            self.calls[mode] = call
        return self.calls[mode]

    def measure(self, workload, mode, calls, lead_in):
        call = self.prepared(workload, mode)
        for _ in range(lead_in):
            call()
        synchronize(self.device)
        start = time.perf_counter()
        for _ in range(calls):
            call()
        synchronize(self.device)
        return (time.perf_counter() - start) * 1000 / max(1, calls)


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(kind, threads):
    torch.set_num_threads(threads)
    device = torch.device(kind)
    peer = Peer(device)
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed is no reply
    name = torch.cuda.get_device_name() if kind == "cuda" else f"{threads} threads"
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "device": name}), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            ms = peer.measure(request["workload"], request["mode"], request["calls"], request["leadIn"])
            reply = {"msPerCall": ms, "peakRssBytes": peak_rss_bytes()}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("cpu", "cuda") or not sys.argv[2].isdecimal():
        sys.exit("usage: torch_peer.py cpu|cuda THREADS")
    main(sys.argv[1], int(sys.argv[2]))
