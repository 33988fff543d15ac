/**
 * Values of the flags that a command reads itself.
 *
 * @module
 */

/**
 * A flag's whole number.
 *
 * @param flags The command's flags, as typed, by name.
 * @param name Without the dashes.
 * @param least The least that is allowed.
 * @returns The number; undefined if the flag was not given.
 * @throws {RangeError} If it is no whole number or below the least.
 */
export function countFlag(
  flags: ReadonlyMap<string, string>,
  name: string,
  least: number,
): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new RangeError(`Cannot understand --${name} ${text}: wanted a whole number of at least ${least}`);
}

/**
 * A flag's TCP port.
 *
 * @param flags The command's flags, as typed, by name.
 * @param name Without the dashes.
 * @returns The port, 0 for any free one; undefined if the flag was not given.
 * @throws {RangeError} If it is none of 0 to 65535.
 */
export function portFlag(flags: ReadonlyMap<string, string>, name: string): number | undefined {
  const port = countFlag(flags, name, 0);
  if (port === undefined || port <= 65535) return port;
  throw new RangeError(`Cannot understand --${name} ${port}: wanted a port, 0 to 65535`);
}
