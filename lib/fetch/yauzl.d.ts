/** The part of yauzl 3.4 that the engine uses; the package has no types of its own. */

export interface Entry {
  readonly fileName: string;
  readonly externalFileAttributes: number;
}

export interface ZipFile {
  eachEntry(): AsyncIterable<Entry>;
  openReadStreamPromise(entry: Entry): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>>;
}

export function openPromise(path: string): Promise<ZipFile>;
