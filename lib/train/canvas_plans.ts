/**
 * What a detector makes once for each size of batch and canvas: anchors, and losses compiled for their number.
 *
 * @module
 */
import type { DetectionBatch } from "../data/sample.ts";

/** A canvas's size. */
export interface Canvas {
  /** Rows. */
  readonly heightPx: number;
  /** Columns. */
  readonly widthPx: number;
}

/** The canvas that a batch's images are on. */
export function canvasOf({ shape: [, heightPx, widthPx] }: Pick<DetectionBatch, "shape">): Canvas {
  return { heightPx, widthPx };
}

/** Plans by batch and canvas size, made at first use. */
export class CanvasPlans<Plan extends Disposable> implements Disposable {
  readonly #make: (images: number, canvas: Canvas) => Plan;
  readonly #plans = new Map<string, Plan>();

  /**
   * Plans nothing yet.
   *
   * @param make Makes the plan for a number of images on a canvas.
   */
  constructor(make: (images: number, canvas: Canvas) => Plan) {
    this.#make = make;
  }

  /** The plan for a batch; it stays this object's. */
  of({ shape: [images, heightPx, widthPx] }: Pick<DetectionBatch, "shape">): Plan {
    const key = `${images}x${heightPx}x${widthPx}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) this.#plans.set(key, plan = this.#make(images, { heightPx, widthPx }));
    return plan;
  }

  /** Disposes every plan. */
  [Symbol.dispose](): void {
    for (const plan of this.#plans.values()) plan[Symbol.dispose]();
    this.#plans.clear();
  }
}
