import { canonical } from "./signature.ts";

/** How the server compares values of different types (pkg/expressions/unknown.go). */

/** A value that is missing or cannot be computed. The server treats both alike. */
export const Missing = Symbol("missing");
export type Value = unknown;

export const isRecord = (value: Value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

export const isTruthy = (value: Value): boolean =>
  value !== Missing && value !== null && value !== false && value !== "" && value !== 0 && value !== 0n;

/** A missing value equals null and no other value; two missing values are not equal. */
export function isEqual(left: Value, right: Value): boolean {
  if (left === Missing || right === Missing) return left === null || right === null;
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  return typeof left === typeof right && canonical(left) === canonical(right);
}

export type Order = "<" | "<=" | ">" | ">=";

/** A missing value is less than every other value. Null counts as the zero value of the other side's type. */
export function ordered(op: Order, left: Value, right: Value): Value {
  if (left === Missing) return op === "<" || op === "<=";
  if (right === Missing) return op === ">" || op === ">=";
  const order = orderOf(zeroFor(left, right), zeroFor(right, left));
  return order === undefined ? Missing : isInOrder(op, order);
}

export function isInOrder(op: Order, order: number): boolean {
  if (op === "<") return order < 0;
  if (op === "<=") return order <= 0;
  return op === ">" ? order > 0 : order >= 0;
}

function zeroFor(value: Value, other: Value): Value {
  if (value !== null) return value;
  return isNumber(other) ? 0 : typeof other === "string" ? "" : value;
}

/** Compares texts by their bytes, as Go does. Undefined for values that have no order. */
export function orderOf(a: Value, b: Value): number | undefined {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return typeof a === "boolean" && typeof b === "boolean" ? Number(a) - Number(b) : undefined;
}
