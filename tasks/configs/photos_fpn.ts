/**
 * A user's own annotated photographs under Faster R-CNN with FPN: `photos` with the two-stage detector, light enough
 * for one machine.
 *
 * Time: within 60 minutes on 2 cores for some 400 photographs.
 * Command: `deno task search --config photos-fpn --data DIR [--pretrain-data DIR]`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { fasterRcnn } from "./paper.ts";
import { photos } from "./photos.ts";

/** The config `photos-fpn`. */
export const photosFpn = {
  ...photos,
  name: "photos-fpn",
  pretrain: { ...photos.pretrain, duration: { steps: 400 } },
  detector: {
    ...fasterRcnn,
    // On a canvas this small the paper's larger anchors would all stick out of the image, where none is trained.
    levels: [2, 5],
    anchorScale: 6,
    channels: 64,
    canvases: photos.detector.canvases,
    proposals: {
      ...fasterRcnn.proposals,
      trainingCandidatesPerLevel: 500,
      trainingProposals: 300,
      candidatesPerLevel: 300,
      proposals: 100,
    },
    // An eighth of the paper's: a photograph here has about a tenth of its pixels.
    boxHead: { ...fasterRcnn.boxHead, proposalsPerImage: 64, convs: 2, hidden: 256 },
  },
  finetune: { ...photos.finetune, duration: { steps: 900 } },
  search: { ...photos.search, population: 10, generations: 5 },
  retrain: { ...photos.retrain, duration: { steps: 900 } },
} satisfies ConfigInput;
