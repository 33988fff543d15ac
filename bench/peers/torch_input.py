"""The same work as bench/input_pipeline.ts, by torchvision and PyTorch's DataLoader.

    python torch_input.py

answers one JSON line { perSecond, perCpuSecond } for each line { task, variant, dir, workers, batch, batches, canvas } on its
standard input; the first line it prints names the versions. Tasks: "classification" (random resized crop of 224, flip,
colour jitter 0.4) and "detection" (shorter side 800, at most 1333, flip, padded onto the canvas). Variants: "pil"
decodes and augments with Pillow, "tensor" with torchvision's own decoder and transforms of uint8 tensors. Batches are
uint8 tensors, as ours are.
"""

import json
import pathlib
import resource
import sys
import time

import PIL
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import io, transforms
from torchvision.transforms import v2

SIZE = 224
JITTER = 0.4


def open_pillow(path):
    with open(path, "rb") as file:
        return Image.open(file).convert("RGB")


def open_tensor(path):
    return io.decode_jpeg(io.read_file(str(path)), mode=io.ImageReadMode.RGB)


def transform_of(task, variant):
    if task == "classification":
        if variant == "pil":
            steps = [
                transforms.RandomResizedCrop(SIZE),
                transforms.RandomHorizontalFlip(),
                transforms.ColorJitter(JITTER, JITTER, JITTER),
                transforms.PILToTensor(),
            ]
            return transforms.Compose(steps)
        flips = v2.RandomHorizontalFlip()
        return v2.Compose([v2.RandomResizedCrop(SIZE, antialias=True), flips, v2.ColorJitter(JITTER, JITTER, JITTER)])
    if variant == "pil":
        resize = transforms.Resize(800, max_size=1333)
        return transforms.Compose([resize, transforms.RandomHorizontalFlip(), transforms.PILToTensor()])
    return v2.Compose([v2.Resize(800, max_size=1333, antialias=True), v2.RandomHorizontalFlip()])


class Files(Dataset):
    def __init__(self, folder, task, variant):
        self.paths = sorted(pathlib.Path(folder).glob("*.jpg"))
        self.open = open_pillow if variant == "pil" else open_tensor
        self.transform = transform_of(task, variant)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return self.transform(self.open(self.paths[index]))


class OnCanvas:
    """Pads images to the right and below, and stacks them."""

    def __init__(self, canvas):
        self.canvas = canvas

    def __call__(self, images):
        batch = torch.zeros(len(images), 3, *self.canvas, dtype=torch.uint8)
        for target, image in zip(batch, images):
            target[:, : image.shape[1], : image.shape[2]] = image
        return batch


def rates_of(task, variant, folder, workers, batch, batches, canvas):
    collate = None if task == "classification" else OnCanvas(canvas)
    loader = DataLoader(
        Files(folder, task, variant),
        batch_size=batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=True,
        collate_fn=collate,
    )

    def endless():
        while True:
            yield from loader

    start_cpu = cpu_seconds()
    source = endless()
    warm_up = 2 * workers  # as many as are made ahead
    for _ in range(warm_up):
        next(source)
    start = time.perf_counter()
    for _ in range(batches):
        next(source)
    seconds = time.perf_counter() - start
    source.close()
    del source, loader  # ends the workers, whose time is known then
    made = (batches + 2 * warm_up) * batch  # before, during and after
    return {"perSecond": batches * batch / seconds, "perCpuSecond": made / (cpu_seconds() - start_cpu)}


def cpu_seconds():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main():
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        rates = rates_of(
            job["task"], job["variant"], job["dir"], job["workers"], job["batch"], job["batches"], job["canvas"]
        )
        print(json.dumps(rates), flush=True)


if __name__ == "__main__":
    main()
