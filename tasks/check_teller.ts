/**
 * The look at every image before a run, told like the run itself.
 *
 * @module
 */
import type { JobOutput } from "./job_output.ts";

/**
 * Tells a command's listener how far the images are checked, where there are so many that it takes a while.
 *
 * @param output Told.
 * @returns What the check is to call after each part.
 */
export function checkTeller(output: JobOutput): (done: number, total: number) => void {
  let isLong = false;
  return (done, total) => {
    isLong ||= done < total;
    if (isLong) output.tell({ event: "progress", label: "checking", unit: "images", done, total });
  };
}
