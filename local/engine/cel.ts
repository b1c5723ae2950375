import type { ASTNode } from "@marcbachmann/cel-js";
import { compiled, literalOf, NotModelledInExpression, type Path, pathOf, valueAt } from "./cel-parse.ts";
import { isEqual, isTruthy, Missing, ordered, type Value } from "./cel-values.ts";

/**
 * Conditions (triggers, priorities, bulk cancels) and keys, evaluated as Inngest's server does. The server's CEL
 * differs from the standard: a missing value counts as null, and the numbers of an event are doubles. Expressions that
 * are not modeled here are refused when a function is registered. A condition consists of paths of the event and
 * literals, joined by == != < <= > >= && || ! ?: and startsWith, endsWith, contains. A key is one path of the event, or
 * a text.
 */
type Condition = (event: unknown) => Value;

const conditions = compiled("condition", condition);
const keys = compiled("key", key);

export const conditionError = (expression: string): string | undefined => conditions.error(expression);
export const keyError = (expression: string): string | undefined => keys.error(expression);

/**
 * The value of an expression. Integers are bigints, and doubles are numbers. Undefined: the value is missing or cannot
 * be computed.
 */
export function evaluate(expression: string, event: unknown): unknown {
  const value = conditions.get(expression)(event);
  return value === Missing ? undefined : value;
}

export const isTrue = (expression: string | undefined, event: unknown): boolean =>
  expression === undefined || evaluate(expression, event) === true;

/** The value of a key for an event. Undefined when the event has no value at the key's path. */
export function keyValue(expression: string, event: unknown): unknown {
  const value = keys.get(expression)(event);
  return value === Missing ? undefined : value;
}

function refuse(what: string): never {
  throw new NotModelledInExpression(what);
}

function eventPath(node: ASTNode): Path | undefined {
  const path = pathOf(node);
  return path?.root === "event" ? path : undefined;
}

function key(node: ASTNode): Condition {
  const path = eventPath(node);
  const text = literalOf(node);
  if (path) return (event) => valueAt(path, event);
  return typeof text === "string" ? () => text : refuse("Anything but one path of the event or a text");
}

function condition(node: ASTNode): Condition {
  const literal = literalOf(node);
  if (literal !== undefined) return () => literal;
  const path = eventPath(node);
  if (path) return (event) => valueAt(path, event);
  switch (node.op) {
    case "?:": {
      const [test, yes, no] = [condition(node.args[0]), condition(node.args[1]), condition(node.args[2])];
      return (event) => (isTruthy(test(event)) ? yes(event) : no(event));
    }
    case "||":
    case "&&": {
      const [left, right] = [condition(node.args[0]), condition(node.args[1])];
      const isDecidedBy = (value: Value) => isTruthy(value) === (node.op === "||");
      return (event) => {
        const value = left(event);
        return isDecidedBy(value) ? value : right(event);
      };
    }
    case "!_": {
      const inner = condition(node.args);
      return (event) => not(inner(event));
    }
    case "==":
    case "!=": {
      const [left, right] = [condition(node.args[0]), condition(node.args[1])];
      return (event) => isEqual(left(event), right(event)) === (node.op === "==");
    }
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const { op } = node;
      const [left, right] = [condition(node.args[0]), condition(node.args[1])];
      return (event) => ordered(op, left(event), right(event));
    }
    case "rcall":
      return textTest(node.args[0], node.args[1], node.args[2]);
    default:
      return refuse(nameOf(node));
  }
}

/** The server applies no operator to a missing value: `!event.data.missing` is false there. */
function not(value: Value): Value {
  if (value === Missing) return false;
  return typeof value === "boolean" ? !value : Missing;
}

const textTests = new Map<string, (on: string, part: string) => boolean>([
  ["startsWith", (on, part) => on.startsWith(part)],
  ["endsWith", (on, part) => on.endsWith(part)],
  ["contains", (on, part) => on.includes(part)],
]);

function textTest(name: string, target: ASTNode, [argument]: ASTNode[]): Condition {
  const test = textTests.get(name);
  const path = eventPath(target);
  const part = argument && literalOf(argument);
  if (!test) return refuse(`${name}()`);
  if (!path || typeof part !== "string") return refuse(`${name}() of anything but a path and a text`);
  return (event) => {
    const on = valueAt(path, event);
    if (on === Missing) return false;
    return typeof on === "string" ? test(on, part) : Missing;
  };
}

function nameOf(node: ASTNode): string {
  if (node.op === "call") return `${node.args[0]}()`;
  if (node.op === "id") return `The name "${node.args}"`;
  return [".", "[]", "value"].includes(node.op) ? "This path or literal" : `"${node.op.replaceAll("_", "")}"`;
}
