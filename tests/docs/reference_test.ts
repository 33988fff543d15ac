import { assertEquals, assertGreater } from "@std/assert";
import { root } from "./documentation.ts";
import { type Place, publicPlaces } from "./public_places.ts";
import { reachedErrors, type WrittenFunction, writtenFunctions } from "./thrown_errors.ts";

/** Errors that a function's callees could throw, but not when it calls them: place and class, with the reason. */
const impossible: Readonly<Record<string, string>> = {
  "parseArchitecture RangeError": "the choices that it writes again have been checked",
  "NetworkState.toHost RangeError": "it asks for its own units",
  "ClassificationModel.trainStep RangeError": "its own trunk ends in the classifier",
  "ClassificationModel.gateGradients RangeError": "its own trunk ends in the classifier",
  "DetectionModel.trainStep RangeError":
    "its constructor refuses levels that leave a unit without a gradient",
  "DetectionModel.gateGradients RangeError":
    "its constructor refuses levels that leave a unit without a gradient",
};

/** The types whose shapes must be told. */
const tensorTypes = /^(tf\.)?(Tensor(\dD)?|Variable)$/;

/** `[N, H, W, C]` in backticks, or words for a shape that is known: "of the outputs' shapes". */
const namesShape = /`[^`]*\[[^\]`]*\][^`]*`|\bshapes?\b/;

const places = await publicPlaces();

Deno.test("the entry points have hundreds of places, each with a doc comment", () => {
  assertGreater(places.length, 500);
  const bare = places.filter(({ kind, doc }) => kind !== "reference" && doc === "");
  assertEquals(bare.map(textOf), []);
});

Deno.test("every place that takes or gives tensors tells their shapes", () => {
  const tensors = places.filter(({ types }) => types.some((type) => tensorTypes.test(type)));
  assertGreater(tensors.length, 50);
  assertEquals(tensors.filter((place) => !tellsShape(place)).map(textOf), []);
});

Deno.test("every public function tells the errors that it throws, itself or by what it calls", async () => {
  const functions = await functionsBelow("lib");
  const throwing = places.filter((place) => errorsOf(place, functions).length > 0);
  assertGreater(throwing.length, 50);
  const untold = throwing.flatMap((place) =>
    errorsOf(place, functions)
      .filter((error) => !tellsError(place, error) && !(`${place.name} ${error}` in impossible))
      .map((error) => `${textOf(place)} throws ${error}`)
  );
  assertEquals(untold, []);
});

Deno.test("every link of a doc comment leads to something public", () => {
  const names = new Set(places.map(({ name }) => name));
  const dead = places.flatMap((place) => {
    const own = place.name.split(".")[0];
    return linksOf(place).filter((link) =>
      !names.has(link) && !names.has(`${own}.${link}`) && !(link in globalThis)
    ).map((link) => `${textOf(place)} links to ${link}`);
  });
  assertEquals(dead, []);
});

Deno.test("a throw belongs to the function around it and to those that call it", () => {
  const functions = read(`
    export function open(path: string) { check(path); return [path].map((it) => check(it)); }
    function check(path: string) { if (path === "") throw new RangeError("empty"); }
    class Reader { constructor() { this.#fill(); } #fill() { throw new Deno.errors.NotFound("gone"); } }
    function make() { return new Reader(); }
  `);
  assertEquals([...reachedErrors("a.ts#open", functions)], ["RangeError"]);
  assertEquals([...reachedErrors("a.ts#make", functions)], ["Deno.errors.NotFound"]);
});

Deno.test("what is caught is nobody's error, and what is returned throws for its maker only", () => {
  const functions = read(`
    function later() { return () => { throw new TypeError("late"); }; }
    function caller() { return later(); }
    function careful() { try { throw new Error("caught"); } catch { return null; } }
    function again() { try { return careful(); } catch (error) { throw error; } }
  `);
  assertEquals([...reachedErrors("a.ts#later", functions)], ["TypeError"]);
  for (const name of ["caller", "careful", "again"]) {
    assertEquals([...reachedErrors(`a.ts#${name}`, functions)], [], name);
  }
});

Deno.test("an imported function's errors are found in its file", () => {
  const functions = new Map([
    ...read(`import { check as ensure } from "../b/c.ts"; export function open() { ensure(); }`, "a/a.ts"),
    ...read(`export function check() { throw new SyntaxError("bad"); }`, "b/c.ts"),
  ]);
  assertEquals([...reachedErrors("a/a.ts#open", functions)], ["SyntaxError"]);
});

function read(source: string, file = "a.ts"): Map<string, WrittenFunction> {
  return new Map([...writtenFunctions(file, source)].map(([name, it]) => [`${file}#${name}`, it]));
}

async function functionsBelow(folder: string): Promise<Map<string, WrittenFunction>> {
  const functions = new Map<string, WrittenFunction>();
  for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
    const path = `${folder}/${name}`;
    const isSource = name.endsWith(".ts") && !name.endsWith(".d.ts");
    if (isDirectory) { for (const entry of await functionsBelow(path)) functions.set(...entry); }
    if (isSource) {
      for (const entry of read(await Deno.readTextFile(root + path), path)) functions.set(...entry);
    }
  }
  return functions;
}

function errorsOf({ file, name }: Place, functions: ReadonlyMap<string, WrittenFunction>): string[] {
  return [...reachedErrors(`${file}#${name}`, functions)];
}

/** Whether there is a `@throws` of the class, one in words for all, or a word on it, as of what is returned. */
function tellsError({ throws, doc }: Place, error: string): boolean {
  return throws.includes(error) || throws.includes("") || doc.includes(error) ||
    (error === "?" && throws.length > 0);
}

/** Also by a link to a place that does: `As {@linkcode Compiler.plain}`. */
function tellsShape({ doc }: Place): boolean {
  if (namesShape.test(doc)) return true;
  const linked = linksOf({ doc });
  return places.some(({ name, doc }) => linked.includes(name) && namesShape.test(doc));
}

function linksOf({ doc }: Pick<Place, "doc">): string[] {
  return [...doc.matchAll(/\{@linkcode ([\w.]+)\}/g)].map((match) => match[1]);
}

function textOf({ file, line, name }: Place): string {
  return `${file}:${line} ${name}`;
}
