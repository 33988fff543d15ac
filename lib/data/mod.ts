/**
 * `@detnas/detnas/data`: data sets in Pascal VOC's, COCO's and ImageNet's layouts, generated ones, and loaders of batches.
 * Files need `--allow-read`; decoding them needs sharp, which is native code, and so `--allow-ffi` and `--allow-env`.
 *
 * @module
 */
export type {
  Annotation,
  ClassificationBatch,
  ClassificationSample,
  ClassificationSet,
  DetectionBatch,
  DetectionSample,
  DetectionSet,
  ImagePlacement,
  ImageSource,
  RgbImage,
  SkippedAnnotation,
} from "./sample.ts";
export { listOf, type SampleList, sampleList } from "./sample_list.ts";
export { type DetectionFolder, openDetectionFolder, type OpenFolderOptions } from "./open_folder.ts";
export { type ImageFolder, openImageFolder } from "./image_folder.ts";
export {
  shapeNames,
  shapesClassification,
  type ShapesClassificationOptions,
  shapesDetection,
  type ShapesDetectionOptions,
  shapeTextures,
} from "./shapes.ts";
export { ClassificationLoader, DetectionLoader, type EvaluationBatch, type LoaderOptions } from "./loader.ts";
export type { IndexStore } from "./data_index.ts";
export type { DetectionSplit } from "./detection_split.ts";
export type { ImageThreads } from "./image_threads.ts";
export type { ClassificationAugmentation } from "./augment.ts";
