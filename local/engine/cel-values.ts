import { isDeepStrictEqual } from "node:util";

/** The values of expressions, and the server's rules for those that do not fit together (pkg/expressions/unknown.go). */

/** Not there, or not computable: the server treats both alike. */
export const Missing = Symbol("missing");
export type Value = unknown;

export function member(of: Value, key: Value): Value {
  if (Array.isArray(of)) return typeof key === "number" && key < of.length ? of[key] : Missing;
  if (!isRecord(of) || typeof key !== "string") return Missing;
  return Object.hasOwn(of, key) ? of[key] : Missing;
}

export function isTruthy(value: Value): boolean {
  return (
    value !== Missing &&
    value !== null &&
    value !== undefined &&
    value !== false &&
    value !== "" &&
    value !== 0
  );
}

const isList = (value: Value): value is unknown[] => Array.isArray(value);

const isRecord = (value: Value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function binary(op: string, left: Value, right: Value): Value {
  const isUnknown = left === Missing || right === Missing;
  switch (op) {
    case "==":
      return isUnknown ? left === null || right === null : isDeepStrictEqual(left, right);
    case "!=":
      return isUnknown ? left !== null && right !== null : !isDeepStrictEqual(left, right);
    case "in":
      return contains(left, right);
    case "+":
      return add(left, right);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(op, left, right);
    default:
      return arithmetic(op, left, right);
  }
}

function contains(item: Value, list: Value): boolean {
  if (Array.isArray(list)) return list.some((one) => isDeepStrictEqual(one, item));
  return isRecord(list) && typeof item === "string" && Object.hasOwn(list, item);
}

function add(left: Value, right: Value): Value {
  if (left === Missing) return right === Missing ? false : right;
  if (right === Missing) return left;
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (isList(left) && isList(right)) return [...left, ...right];
  return spoken(left) + spoken(right);
}

/** As Go prints values. */
function spoken(value: Value): string {
  if (value === null) return "<nil>";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Null is the zero of the other side; what is missing is less than anything. */
function compare(op: "<" | "<=" | ">" | ">=", left: Value, right: Value): Value {
  if (left === Missing) return op === "<" || op === "<=";
  if (right === Missing) return op === ">" || op === ">=";
  const [a, b] = [zeroFor(left, right), zeroFor(right, left)];
  const order = orderOf(a, b);
  if (order === undefined) return Missing;
  if (op === "<") return order < 0;
  if (op === "<=") return order <= 0;
  return op === ">" ? order > 0 : order >= 0;
}

function zeroFor(value: Value, other: Value): Value {
  if (value !== null) return value;
  return typeof other === "number" ? 0 : typeof other === "string" ? "" : value;
}

function orderOf(a: Value, b: Value): number | undefined {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return undefined;
}

function arithmetic(op: string, left: Value, right: Value): Value {
  if (left === Missing || right === Missing) return false;
  const [a, b] = [zeroFor(left, right), zeroFor(right, left)];
  if (typeof a !== "number" || typeof b !== "number") return Missing;
  if (op === "-") return a - b;
  if (op === "*") return a * b;
  if (b === 0) return Missing;
  return op === "/" ? a / b : a % b;
}

type Text = (on: string, args: Value[]) => Value;
const withText =
  (use: (on: string, argument: string) => Value): Text =>
  (on, [argument]) =>
    typeof argument === "string" ? use(on, argument) : Missing;

const texts: Record<string, Text> = {
  contains: withText((on, part) => on.includes(part)),
  startsWith: withText((on, part) => on.startsWith(part)),
  endsWith: withText((on, part) => on.endsWith(part)),
  matches: withText((on, pattern) => new RegExp(pattern, "u").test(on)),
  size: (on) => Array.from(on).length,
};

const functions: Record<string, (value: Value) => Value> = {
  size: (value) => {
    if (typeof value === "string") return Array.from(value).length;
    if (Array.isArray(value)) return value.length;
    return isRecord(value) ? Object.keys(value).length : 0;
  },
  string: spoken,
  int: (value) => numberOf(value, Math.trunc),
  double: (value) => numberOf(value, (number) => number),
  dyn: (value) => value,
};

const numberOf = (value: Value, shape: (number: number) => number): Value => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && !Number.isNaN(number) ? shape(number) : Missing;
};

export const isKnownFunction = (name: string): boolean =>
  Object.hasOwn(functions, name) || Object.hasOwn(texts, name);

export function call(name: string, args: Value[]): Value {
  const [value] = args;
  if (name === "matches") return method(name, value, args.slice(1));
  if (value === Missing) return name === "size" ? 0 : false;
  return functions[name]?.(value) ?? Missing;
}

export function method(name: string, on: Value, args: Value[]): Value {
  if (name === "size") return call("size", [on]);
  if (on === Missing || args.includes(Missing)) return false;
  return typeof on === "string" ? (texts[name]?.(on, args) ?? Missing) : Missing;
}
