/**
 * Whether image files end as whole ones do: a look at their last bytes, as decoding all of them would take too long.
 *
 * @module
 */
import { readRange } from "../base/read_range.ts";

/** JPEG's end is looked for in so many of the last bytes: some cameras write a little after it. */
const tailBytes = 4096;
/** `IEND` with its length and checksum, which are the same in every PNG. */
const pngEnd = "0000000049454e44ae426082";

/**
 * Whether a file ends as a whole one of its format: JPEG with its end marker, PNG with its last chunk. One that does not may
 * still be whole, with much written after its end; only decoding can tell.
 *
 * @param file Its path.
 * @param format `jpeg` or `png`; of others the header's length was checked when it was read.
 * @returns Also true if it is of another format.
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export async function hasWholeEnd(file: string, format: string): Promise<boolean> {
  if (format !== "jpeg" && format !== "png") return true;
  using open = await Deno.open(file);
  const { size } = await open.stat();
  const tail = await readRange(open, Math.max(0, size - tailBytes), size);
  return format === "png" ? tail.subarray(-12).toHex() === pngEnd : hasEndMarker(tail);
}

/** `FF D9`, which no picture data holds. */
function hasEndMarker(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 2; i >= 0; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
}
