/**
 * The names of a config's fields, for flags and messages.
 *
 * @module
 */
import { z } from "zod";
import { configSchema } from "./schema.ts";

/** Every field's dotted path, e.g. `search.budget.macs`, from general to particular. */
export function configPaths(): string[] {
  return [...new Set(propertyPaths(z.toJSONSchema(configSchema), ""))];
}

/** The part of JSON Schema that zod's output uses for objects and their alternatives. */
interface SchemaNode {
  properties?: Record<string, unknown>;
  anyOf?: unknown[];
  oneOf?: unknown[];
}

function propertyPaths(node: SchemaNode, prefix: string): string[] {
  const alternatives = [...node.anyOf ?? [], ...node.oneOf ?? []] as SchemaNode[];
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    prefix + key,
    ...propertyPaths(child as SchemaNode, `${prefix}${key}.`),
  ]);
  return [...own, ...alternatives.flatMap((alternative) => propertyPaths(alternative, prefix))];
}
