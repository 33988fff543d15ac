/**
 * What functions throw, read from their syntax: `Deno.lint` gives the tree of a file, and a throw belongs to the function
 * that it stands in and to all that call that one. What a function returns, such as a closure, throws later: that is the
 * function's to tell, but not its callers'.
 *
 * @module
 */
import { dirname, join } from "node:path";

/** The errors of a function or a method, as written. */
export interface WrittenFunction {
  /** Classes of its throws; `?` for an error that a function makes. */
  readonly thrown: Set<string>;
  /** What it calls of its file and of files that it imports: `FILE#name`. */
  readonly calls: Set<string>;
  /** Likewise of what it returns. */
  readonly later: { readonly thrown: Set<string>; readonly calls: Set<string> };
}

/** A node of the tree; Deno types each kind apart, but which kinds are around one is not known. */
// deno-lint-ignore no-explicit-any
type Node = any;

/**
 * Reads a file's functions.
 *
 * @param file Its path, which calls of its own functions and of those that it imports are named by.
 * @returns By `name` or `Class.method`; a constructor is `Class.constructor`.
 */
export function writtenFunctions(file: string, source: string): Map<string, WrittenFunction> {
  const functions = new Map<string, WrittenFunction>();
  const imported = new Map<string, string>();
  const placeOf = (name: string): string => imported.get(name) ?? `${file}#${name}`;
  const visitor = {
    ImportSpecifier(node: Node): void {
      const from: string = node.parent.source.value;
      if (!from.startsWith(".")) return;
      imported.set(node.local.name, `${join(dirname(file), from)}#${node.imported.name}`);
    },
    ThrowStatement(node: Node): void {
      const thrown = thrownClass(node.argument);
      if (thrown !== null) functionAround(functions, node)?.thrown.add(thrown);
    },
    CallExpression(node: Node): void {
      const name = calledName(node);
      if (name !== null) functionAround(functions, node)?.calls.add(placeOf(name));
    },
    NewExpression(node: Node): void {
      if (node.callee.type !== "Identifier") return;
      functionAround(functions, node)?.calls.add(`${placeOf(node.callee.name)}.constructor`);
    },
  };
  const plugin: Deno.lint.Plugin = { name: "reads", rules: { functions: { create: () => visitor } } };
  Deno.lint.runPlugin(plugin, file, source);
  return functions;
}

/**
 * The classes of the errors that a function throws, itself or by what it calls, and that what it returns throws.
 *
 * @param start `FILE#name`.
 * @param functions Likewise by `FILE#name`.
 */
export function reachedErrors(start: string, functions: ReadonlyMap<string, WrittenFunction>): Set<string> {
  const { thrown = [], calls = [] } = functions.get(start)?.later ?? {};
  const errors = new Set(thrown);
  const seen = new Set([start, ...calls]);
  for (const name of seen) {
    for (const error of functions.get(name)?.thrown ?? []) errors.add(error);
    for (const called of functions.get(name)?.calls ?? []) seen.add(called);
  }
  return errors;
}

/** Where a node's errors go: to the function or method around it, or to what that returns; nowhere if they are caught. */
function functionAround(
  functions: Map<string, WrittenFunction>,
  node: Node,
): WrittenFunction["later"] | undefined {
  let name: string | undefined;
  let isLater = false;
  for (let inner = node, above = node.parent; above; inner = above, above = above.parent) {
    if (above.type === "TryStatement" && above.block === inner && above.handler) return undefined;
    if (isClosure(above)) isLater ||= above.parent.type !== "CallExpression";
    if (above.type === "FunctionDeclaration") name = above.id?.name ?? name;
    if (above.type === "MethodDefinition") name = `${above.parent.parent.id?.name}.${keyName(above.key)}`;
  }
  if (name === undefined) return undefined;
  const none = (): WrittenFunction["later"] => ({ thrown: new Set(), calls: new Set() });
  const written = functions.get(name) ?? { ...none(), later: none() };
  functions.set(name, written);
  return isLater ? written.later : written;
}

/** Whether a node is a function in a function: an argument of a call is taken to run at once. */
function isClosure({ type, parent }: Node): boolean {
  return type === "ArrowFunctionExpression" ||
    (type === "FunctionExpression" && parent.type !== "MethodDefinition");
}

function keyName(key: Node): string {
  return key.type === "PrivateIdentifier" ? `#${key.name}` : key.name ?? String(key.value);
}

/** The class after `throw new`; null for what was caught and is thrown on. */
function thrownClass(argument: Node): string | null {
  if (argument.type === "NewExpression") return calleeText(argument.callee);
  return argument.type === "Identifier" ? null : "?";
}

function calleeText(callee: Node): string {
  return callee.type === "MemberExpression"
    ? `${calleeText(callee.object)}.${keyName(callee.property)}`
    : callee.name;
}

/** Of `name(…)`, and of `this.name(…)` with its class. */
function calledName(node: Node): string | null {
  const { callee } = node;
  if (callee.type === "Identifier") return callee.name;
  if (callee.type !== "MemberExpression" || callee.object.type !== "ThisExpression") return null;
  for (let above = node.parent; above; above = above.parent) {
    if (above.type === "ClassDeclaration") return `${above.id?.name}.${keyName(callee.property)}`;
  }
  return null;
}
