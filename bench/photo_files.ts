/**
 * JPEG files like a camera's, for benchmarks that read them.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import sharp from "sharp";

/**
 * Writes JPEGs of quality 92 with fine noise on them, about 60 kB at 500 x 375.
 *
 * @param dir A folder that is not there yet.
 * @param sizePx Of each.
 * @param photosDir JPEGs that they are made of, resized, in turn; null makes up scenes of coarse noise.
 * @returns Their paths.
 */
export async function writePhotos(
  dir: string,
  count: number,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
  photosDir: string | null,
): Promise<string[]> {
  await Deno.mkdir(dir);
  const photos = photosDir === null ? [] : await jpegsIn(photosDir);
  const grain = await noise(widthPx, heightPx, 22);
  const paths = Array.from({ length: count }, (_, i) => `${dir}/${i}.jpg`);
  for (const [i, path] of paths.entries()) {
    const scene = photos.length > 0 ? photos[i % photos.length] : await noise(24, 18, 60);
    await sharp(scene).resize(widthPx, heightPx, { fit: "fill" })
      .composite([{ input: grain, blend: "soft-light" }]).jpeg({ quality: 92 }).toFile(path);
  }
  return paths;
}

function noise(width: number, height: number, sigma: number): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma } as const;
  return sharp({ create: { width, height, channels: 3, background: "#000", noise } }).png().toBuffer();
}

async function jpegsIn(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  return entries.map(({ name }) => `${dir}/${name}`).filter((name) => name.endsWith(".jpg")).sort();
}
