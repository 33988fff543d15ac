/**
 * Folders of tiny files for the readers' tests.
 *
 * @module
 */
import sharp from "sharp";

/** Writes files (paths relative to a new temporary folder), runs the test in it, removes it. */
export async function withTree(
  files: Readonly<Record<string, string | Uint8Array>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "detnas_data_" });
  try {
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(`${folder}/${path}`, content);
      else await Deno.writeFile(`${folder}/${path}`, content);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A one-coloured PNG. */
export async function png(width: number, height: number, background = "#3060a0"): Promise<Uint8Array> {
  return new Uint8Array(await sharp({ create: { width, height, channels: 3, background } }).png().toBuffer());
}

/** One object of a VOC annotation. */
export interface VocObjectText {
  readonly name: string;
  readonly box: readonly (number | string)[];
  readonly difficult?: string;
}

/** A VOC annotation file. */
export function vocXml(
  { filename = "1.png", width = 40, height = 30, objects = [] }: {
    filename?: string;
    width?: number | string;
    height?: number;
    objects?: readonly VocObjectText[];
  },
): string {
  const body = objects.map(({ name, box, difficult }) =>
    `<object><name>${name}</name>${difficult === undefined ? "" : `<difficult>${difficult}</difficult>`}` +
    `<bndbox><xmin>${box[0]}</xmin><ymin>${box[1]}</ymin><xmax>${box[2]}</xmax><ymax>${
      box[3]
    }</ymax></bndbox></object>`
  );
  return `<annotation><filename>${filename}</filename>\n<size><width>${width}</width><height>${height}</height>` +
    `<depth>3</depth></size>${body.join("\n")}</annotation>`;
}

/** Makes everything in a folder an hour old, as data is by the time that it is used: indexes trust no newer state. */
export async function age(path: string): Promise<void> {
  const hourAgo = new Date(Date.now() - 3_600_000);
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) await age(`${path}/${name}`);
    else await Deno.utime(`${path}/${name}`, hourAgo, hourAgo);
  }
  await Deno.utime(path, hourAgo, hourAgo);
}

/** Makes a change that leaves a folder's or a file's time as it was, so that nobody can know of it. */
export async function unnoticed(path: string, change: () => Promise<void>): Promise<void> {
  const { mtime } = await Deno.stat(path);
  await change();
  await Deno.utime(path, mtime as Date, mtime as Date);
}
