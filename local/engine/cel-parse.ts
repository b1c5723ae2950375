import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { isRecord, Missing, type Value } from "./cel-values.ts";

/** The parts of an expression, parsed by a library: paths and literals. */
const parser = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

export class NotModelledInExpression extends Error {
  constructor(what: string) {
    super(what);
    this.name = "NotModelledInExpression";
  }
}

export function parse(expression: string): ASTNode {
  // The server compares the text between the quotes as it is written, including its escapes.
  const unquoted = expression.replaceAll(/"[^"]*"|'[^']*'/g, '"');
  if (expression.includes("\\") || /[rb]"|""|\/\//i.test(unquoted))
    throw new NotModelledInExpression("An escape, a raw string or a comment");
  return parser.parse(expression).ast;
}

const mostCompiled = 10_000;

/** Compiled expressions of one kind. Each expression is compiled once. */
export function compiled<T>(kind: string, compile: (node: ASTNode) => T) {
  const known = new Map<string, T>();
  const get = (expression: string): T => {
    const found = known.get(expression) ?? compile(parse(expression));
    if (known.size >= mostCompiled) known.clear();
    known.set(expression, found);
    return found;
  };
  return {
    get,
    /** Why the expression cannot be used; undefined if it can. */
    error(expression: string): string | undefined {
      try {
        get(expression);
        return undefined;
      } catch (error) {
        if (error instanceof NotModelledInExpression)
          return `${error.message} in a ${kind} is not modelled by the local engine`;
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

export type Literal = string | number | bigint | boolean | null;

/** Integers are bigints and doubles are numbers, because the server distinguishes them. */
export function literalOf(node: ASTNode): Literal | undefined {
  if (node.op === "-_") {
    const value = literalOf(node.args);
    return typeof value === "number" || typeof value === "bigint" ? -value : undefined;
  }
  if (node.op !== "value") return undefined;
  const value = node.args;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? value : undefined;
  return typeof value === "object" && value !== null ? undefined : value;
}

export type Path = { root: "event" | "async"; keys: (string | number)[]; isIndexed: boolean };

const eventFields = new Set<string | undefined>(["id", "name", "data", "ts"]);

/**
 * Reads `event.data.a.b`, with `["key"]` or `[0]` only at the end. The server also reads paths that continue after an
 * index, but this engine does not model how.
 */
export function pathOf(node: ASTNode): Path | undefined {
  if (node.op === "[]") {
    const path = pathOf(node.args[0]);
    const key = literalOf(node.args[1]);
    if (!path || path.isIndexed || (typeof key !== "string" && typeof key !== "bigint")) return undefined;
    return { ...path, keys: [...path.keys, typeof key === "bigint" ? Number(key) : key], isIndexed: true };
  }
  const keys: string[] = [];
  let root: ASTNode = node;
  for (; root.op === "."; [root] = root.args) keys.unshift(root.args[1]);
  if (root.op !== "id" || (root.args !== "event" && root.args !== "async")) return undefined;
  return eventFields.has(keys[0]) ? { root: root.args, keys, isIndexed: false } : undefined;
}

export function valueAt({ keys }: Path, event: unknown): Value {
  let value: Value = event;
  for (const key of keys) {
    if (Array.isArray(value) && typeof key === "number" && key in value) value = value[key];
    else if (isRecord(value) && typeof key === "string" && Object.hasOwn(value, key)) value = value[key];
    else return Missing;
  }
  return value;
}
