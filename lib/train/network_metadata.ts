/**
 * What a file of weights says about the network that they belong to: tensors of equal shapes can mean different things.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";

/** The network of a config, as text by field: its space, its channel shuffle and the order of its input's channels. */
export function networkMetadata({ space, shuffleMethod }: Config): Record<string, string> {
  const { name: _name, resolution: _resolution, ...structure } = space;
  return { space: JSON.stringify(structure), shuffleMethod: String(shuffleMethod), stemChannelOrder: "BGR" };
}

/**
 * Refuses weights of another network.
 *
 * @param where Their file, for messages.
 * @param stored What the file says.
 * @param wanted What the network says of itself.
 * @throws {RangeError} That names the field and both values.
 */
export function checkNetworkMetadata(
  where: string,
  stored: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): void {
  for (const [field, value] of Object.entries(wanted)) {
    if (stored[field] === value) continue;
    throw new RangeError(
      `Cannot use the weights of ${where} as they are another network's: its ${field} is ${
        stored[field] ?? "absent"
      }, ` +
        `wanted ${value}`,
    );
  }
}
