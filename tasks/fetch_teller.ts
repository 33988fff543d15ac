/**
 * What is fetched before a run, told like the run itself.
 *
 * @module
 */
import type { FetchProgress } from "../lib/fetch/fetch_wheels.ts";
import type { JobOutput } from "./job_output.ts";

const bytesAMegabyte = 1e6;

/**
 * Tells a fetch to a command's listener: a download whose size is known as progress, all else as notes, each once.
 *
 * @param output Told.
 * @returns What the fetch is to call.
 */
export function fetchTeller(output: JobOutput): (progress: FetchProgress) => void {
  let last = "";
  return ({ phase, item, bytes, totalBytes }) => {
    const label = `${phase} ${item}`;
    if (phase === "downloading" && totalBytes !== null) {
      const [done, total] = [bytes, totalBytes].map((size) => Math.round(size / bytesAMegabyte));
      output.tell({ event: "progress", label, unit: "MB", done: Math.min(done, total), total });
    } else if (label !== last) output.tell({ event: "note", text: label });
    last = label;
  };
}
