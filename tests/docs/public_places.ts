/**
 * What another project can import, as `deno doc` sees it: every symbol of the entry points, with its members, flattened
 * into places that can be looked at one by one.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { type Declaration, documentationOf, type Located, root } from "./documentation.ts";

/** A symbol or a member of one. */
export interface Place {
  /** Below {@linkcode root}. */
  readonly file: string;
  /** `line` as an editor counts. */
  readonly line: number;
  /** `name`, `Class.method` or `Interface.field`; a constructor is `Class.constructor`. */
  readonly name: string;
  /** `function`, `class`, `method`, `property`, … */
  readonly kind: string;
  /** The doc comment's text with that of its tags; empty without one. */
  readonly doc: string;
  /** The types of its `@throws`; empty text for one that says in words what is thrown. */
  readonly throws: readonly string[];
  /** The names of the types in its parameters, its result or, of a field, its type. */
  readonly types: readonly string[];
}

/**
 * Every place of the entry points that `deno.json` exports, once.
 *
 * @throws {Error} If `deno doc` fails.
 */
export async function publicPlaces(): Promise<Place[]> {
  const places = new Map<string, Place>();
  const { nodes } = await documentationOf(Object.values(config.exports));
  for (const { name, declarations } of Object.values(nodes).flatMap(({ symbols }) => symbols)) {
    for (const declaration of declarations) {
      for (const place of placesOf(name, declaration)) {
        places.set(`${place.file}:${place.line}:${place.name}`, place);
      }
    }
  }
  return [...places.values()].filter(({ file }) => file.startsWith("lib/") || file === "mod.ts");
}

function placesOf(name: string, declaration: Declaration): Place[] {
  const { def, kind } = declaration;
  const members = [
    ...def.constructors ?? [],
    ...def.methods ?? [],
    ...def.properties ?? [],
    ...def.tsType?.value.properties ?? [],
  ].filter(({ accessibility }) => accessibility !== "private");
  const own = members.length > 0 ? { ...declaration, def: {} } : declaration;
  return [
    placeOf(name, kind, own),
    ...members.map((member) => placeOf(`${name}.${member.name}`, member.kind ?? "property", member)),
  ];
}

function placeOf(name: string, kind: string, { location, jsDoc, ...rest }: Located): Place {
  const tags = jsDoc?.tags ?? [];
  return {
    file: location.filename.replace(/^file:\/\//, "").replace(root, ""),
    line: location.line,
    name,
    kind,
    doc: [jsDoc?.doc, ...tags.map((tag) => tag.doc)].filter((text) => text !== undefined).join("\n"),
    throws: tags.filter((tag) => tag.kind === "throws").map((tag) => tag.tsType?.repr ?? ""),
    types: [...JSON.stringify(rest).matchAll(/"typeName":"([^"]+)"/g)].map((match) => match[1]),
  };
}
