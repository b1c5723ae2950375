import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import {
  binary,
  call,
  isKnownFunction,
  isTruthy,
  Missing,
  member,
  method,
  type Value,
} from "./cel-values.ts";

/**
 * CEL as Inngest's server reads it. The parser is a library's; the evaluation is ours, because the server's is not
 * plain CEL: what is missing counts as null instead of stopping the evaluation, `&&` and `||` take any value as
 * JavaScript does, and `+` joins a text with anything.
 */
export type Scope = { event: unknown; async?: unknown };
type Variables = Record<string, Value>;

const parser = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const parsed = new Map<string, ASTNode>();
const mostParsed = 10_000;

function parse(expression: string): ASTNode {
  const known = parsed.get(expression);
  if (known) return known;
  const { ast } = parser.parse(expression);
  const unknown = unknownFunction(ast);
  if (unknown)
    throw new Error(`the function ${unknown}() in expressions is not modelled by the local engine`);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(expression, ast);
  return ast;
}

/** Why an expression cannot be used, in the parser's words; undefined if it can. */
export function expressionError(expression: string): string | undefined {
  try {
    parse(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What is missing or cannot be computed is null. */
export function evaluate(expression: string, scope: Scope): unknown {
  try {
    const value = evaluateNode(parse(expression), scope);
    return value === Missing ? null : value;
  } catch {
    return null;
  }
}

export const isTrue = (expression: string | undefined, scope: Scope): boolean =>
  expression === undefined || expression === "" || evaluate(expression, scope) === true;

function evaluateNode(node: ASTNode, variables: Variables): Value {
  switch (node.op) {
    case "value":
      return typeof node.args === "bigint" ? Number(node.args) : node.args;
    case "id":
      return Object.hasOwn(variables, node.args) ? variables[node.args] : Missing;
    case ".":
      return member(evaluateNode(node.args[0], variables), node.args[1]);
    case "[]":
      return member(evaluateNode(node.args[0], variables), evaluateNode(node.args[1], variables));
    case "list":
      return node.args.map((item) => evaluateNode(item, variables));
    case "map":
      return Object.fromEntries(
        node.args.map(([key, value]) => [
          String(evaluateNode(key, variables)),
          evaluateNode(value, variables),
        ]),
      );
    case "?:":
      return evaluateNode(
        isTruthy(evaluateNode(node.args[0], variables)) ? node.args[1] : node.args[2],
        variables,
      );
    case "||": {
      const left = evaluateNode(node.args[0], variables);
      return isTruthy(left) ? left : evaluateNode(node.args[1], variables);
    }
    case "&&": {
      const left = evaluateNode(node.args[0], variables);
      return isTruthy(left) ? evaluateNode(node.args[1], variables) : left;
    }
    case "!_": {
      const value = evaluateNode(node.args, variables);
      // The server calls no operator on what is missing: `!event.data.missing` is false there.
      return typeof value === "boolean" ? !value : value === Missing ? false : Missing;
    }
    case "-_": {
      const value = evaluateNode(node.args, variables);
      return typeof value === "number" ? -value : Missing;
    }
    case "call":
      return evaluateCall(node.args[0], node.args[1], variables);
    case "rcall":
      return evaluateMethod(node.args[0], node.args[1], node.args[2], variables);
    case ".?":
    case "[?]":
      return Missing;
    default:
      return binary(node.op, evaluateNode(node.args[0], variables), evaluateNode(node.args[1], variables));
  }
}

function evaluateCall(name: string, args: ASTNode[], variables: Variables): Value {
  const values = args.map((arg) => evaluateNode(arg, variables));
  return name === "has" ? values[0] !== Missing : call(name, values);
}

const macros = new Set(["exists", "all", "exists_one", "filter", "map"]);

function evaluateMethod(name: string, target: ASTNode, args: ASTNode[], variables: Variables): Value {
  const on = evaluateNode(target, variables);
  if (!macros.has(name))
    return method(
      name,
      on,
      args.map((arg) => evaluateNode(arg, variables)),
    );
  const [variable, body] = args;
  if (variable?.op !== "id" || !body) return Missing;
  const list: Value[] = Array.isArray(on) ? on : typeof on === "object" && on !== null ? Object.keys(on) : [];
  const results = list.map((item) => evaluateNode(body, { ...variables, [variable.args]: item }));
  if (name === "exists") return results.some(isTruthy);
  if (name === "all") return results.every(isTruthy);
  if (name === "exists_one") return results.filter(isTruthy).length === 1;
  return name === "map" ? results : list.filter((_, index) => isTruthy(results[index]));
}

/** Refused when a function is registered: an expression that would always be false is found by nobody. */
function unknownFunction(node: ASTNode): string | undefined {
  switch (node.op) {
    case "value":
    case "id":
      return undefined;
    case ".":
    case ".?":
      return unknownFunction(node.args[0]);
    case "!_":
    case "-_":
      return unknownFunction(node.args);
    case "list":
      return firstUnknown(node.args);
    case "map":
      return firstUnknown(node.args.flat());
    case "call":
      return isKnownFunction(node.args[0]) || node.args[0] === "has"
        ? firstUnknown(node.args[1])
        : node.args[0];
    case "rcall":
      return isKnownFunction(node.args[0]) || macros.has(node.args[0])
        ? firstUnknown([node.args[1], ...node.args[2]])
        : node.args[0];
    default:
      return firstUnknown([...node.args]);
  }
}

function firstUnknown(nodes: ASTNode[]): string | undefined {
  for (const node of nodes) {
    const unknown = unknownFunction(node);
    if (unknown) return unknown;
  }
  return undefined;
}
