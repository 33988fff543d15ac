"""Runs a SavedModel in TensorFlow and the ONNX file in onnxruntime, both in Python and both placed by Pillow as
docs/export.md shows it, on the photographs of a folder, and compares: python python_check.py RUN PHOTOGRAPHS ANNOTATIONS OUTPUT.

RUN is a run with `deno task export --format saved-model` and `--format onnx`; ANNOTATIONS and OUTPUT are COCO's files:
the former of `deno task bench:exports`, the latter for `deno task evaluate`. Needs tensorflow, onnxruntime and pillow.
Fails where a box is missing or too many, a score is off by over 1e-4 or an edge by over 1e-4 of the canvas.
"""
import json
import sys

import numpy as np
import onnxruntime
import tensorflow as tf
from PIL import Image


def read(folder):
    with open(f"{folder}/detector.json") as file:
        return json.load(file)


def place(picture, canvases):
    """The picture on its canvas, its extent there, and which canvas it is."""
    fit = lambda canvas: min(canvas["widthPx"] / picture.width, canvas["heightPx"] / picture.height)
    index = max(range(len(canvases)), key=lambda i: fit(canvases[i]))
    canvas = canvases[index]
    width, height = round(picture.width * fit(canvas)), round(picture.height * fit(canvas))
    image = np.zeros((1, canvas["heightPx"], canvas["widthPx"], 3), "float32")
    image[0, :height, :width] = np.asarray(picture.resize((width, height), Image.BILINEAR))
    return image, np.array([width, height], "float32"), index


def sorted_boxes(boxes, scores, classes):
    """By class and place, as equal scores are ranked by rounding."""
    order = np.lexsort((boxes[:, 1].round(), boxes[:, 0].round(), classes))
    return boxes[order], scores[order], classes[order]


run, photographs, annotations, output = sys.argv[1:]
saved, onnx = f"{run}/export/saved-model", f"{run}/export/onnx"
about = read(saved)
canvases = about["input"]["canvases"]
folders = [canvas["file"].removesuffix("saved_model.pb") for canvas in canvases]
models = [tf.saved_model.load(f"{saved}/{folder}").signatures["serving_default"] for folder in folders]
sessions = [onnxruntime.InferenceSession(f"{onnx}/{canvas['file']}") for canvas in read(onnx)["input"]["canvases"]]

with open(annotations) as file:
    images = json.load(file)["images"]
results, worst_score, worst_edge, count = [], 0.0, 0.0, 0
for entry in images:
    picture = Image.open(f"{photographs}/{entry['id']}.jpg").convert("RGB")
    image, extent, index = place(picture, canvases)
    found = models[index](image=tf.constant(image), extent=tf.constant(extent))
    boxes, scores, classes = (found[name].numpy() for name in ("boxes", "scores", "classes"))
    other = sorted_boxes(*sessions[index].run(["boxes", "scores", "classes"], {"image": image, "extent": extent}))
    own = sorted_boxes(boxes, scores, classes)
    if len(scores) != len(other[1]) or (own[2] != other[2]).any():
        sys.exit(f"BAD {entry['id']}: {len(scores)} boxes of SavedModel, {len(other[1])} of ONNX")
    if len(scores) > 0:
        worst_edge = max(worst_edge, float(np.abs(own[0] - other[0]).max()))
        worst_score = max(worst_score, float(np.abs(own[1] - other[1]).max()))
    count += len(scores)
    for (x1, y1, x2, y2), score, number in zip(boxes * picture.width / extent[0], scores, classes):
        results.append({
            "image_id": entry["id"],
            "category_id": int(number) + 1,
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "score": float(score),
        })
with open(output, "w") as file:
    json.dump(results, file)

limit = 1e-4 * max(max(canvas["widthPx"], canvas["heightPx"]) for canvas in canvases)
good = worst_score <= 1e-4 and worst_edge <= limit
print(
    f"{'ok' if good else 'BAD'} TensorFlow {tf.__version__}, onnxruntime {onnxruntime.__version__}: "
    f"{len(images)} images, {count} boxes, scores to {worst_score:.1e}, edges to {worst_edge:.1e} px"
)
sys.exit(0 if good else 1)
