/**
 * Numbers as people read them. A number that does not exist (not finite, or COCO's -1) is an en dash.
 *
 * @module
 */

/** Stands where there is no number. */
export const missing = "–";

/** An AP or another fraction 0..1 with three decimals; COCO's -1 is missing. */
export function formatFraction(value: number | null): string {
  return value === null || !Number.isFinite(value) || value < 0 ? missing : value.toFixed(3);
}

/** A count in millions or thousands with four figures, e.g. 288082000 is `288.1 M`; with `unit` G above a billion. */
export function formatCount(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return missing;
  for (const [size, suffix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (Math.abs(value) >= size) return `${(value / size).toPrecision(4)} ${suffix}`;
  }
  return String(value);
}

/** Mean and standard deviation, e.g. `0.0712 ± 0.0031`; of a single number, which has none, the number. */
export function formatSpread(
  spread: { readonly mean: number; readonly sd: number | null } | null,
  digits: number,
): string {
  if (spread === null) return missing;
  const mean = spread.mean.toFixed(digits);
  return spread.sd === null ? mean : `${mean} ± ${spread.sd.toFixed(digits)}`;
}

/** Seconds as `1.4 s`, `48 s`, `9 min 05 s`, `48 min` or `3 h 20 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return missing;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (count: number): string => String(count).padStart(2, "0");
  if (whole < 600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Bytes as mebibytes or gibibytes. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes)) return missing;
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** A whole number with thin groups of three, e.g. `12,480`. */
export function formatInteger(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-GB") : missing;
}

/** A count and its noun: `1 image`, `2 images`. */
export function plural(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? "" : "s"}`;
}
