/**
 * Text cut into lines.
 *
 * @module
 */

/** From chunks of text to lines, without their ends. */
export class TextLineStream extends TransformStream<string, string> {
  /** A stream for one text. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller): void {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller): void {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
