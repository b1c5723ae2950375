import { createHash } from "node:crypto";
import type { Json } from "#lib/database/database.types.ts";

/**
 * What Postgres can hold. Its text and jsonb refuse NUL and half of a surrogate pair, both of which JSON and JavaScript
 * allow; its indexes refuse long keys; its parser refuses deep nesting. U+FFFD stands for what cannot be held.
 */

/** More than any honest nesting has. */
const MAX_DEPTH = 100;

const storableText = (text: string): string => text.replaceAll("\0", "\uFFFD").toWellFormed();

const MAX_ID_CHARS = 200;

/** An id or a name that others choose, as the key of an index: a long one keeps its beginning, a hash tells it apart. */
export function storableId(id: string): string {
  const text = storableText(id);
  if (text.length <= MAX_ID_CHARS) return text;
  const hash = createHash("sha256").update(text).digest("hex");
  return storableText(`${text.slice(0, MAX_ID_CHARS - hash.length - 1)}…${hash}`);
}

/** Any value as JSON that Postgres can hold. What JSON does not know becomes null, what is too deep becomes `…`. */
export const storableJson = (value: unknown): Json => copy(value, []) ?? null;

function copy(value: unknown, above: readonly unknown[]): Json | undefined {
  switch (typeof value) {
    case "string":
      return storableText(value);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return String(value);
    case "object":
      return value === null ? null : copyObject(value, above);
    default:
      return undefined;
  }
}

function copyObject(value: object, above: readonly unknown[]): Json | undefined {
  if (above.length >= MAX_DEPTH || above.includes(value)) return "…";
  const within = [...above, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => copy(item, within) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), copy(item, within)]),
  );
}

/** As JSON.stringify writes what Postgres cannot hold. An escaped backslash before it is a harmless false alarm. */
const UNSTORABLE = /\\u0000|\\ud[89a-f]/;

/** The JSON of a request on its way to the database. */
export const storableBody = (json: string): string =>
  UNSTORABLE.test(json) ? JSON.stringify(storableJson(JSON.parse(json))) : json;
