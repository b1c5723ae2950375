import { createHash } from "node:crypto";
import type { Json } from "#lib/database/database.types.ts";

/**
 * Makes values storable in Postgres. JSON and JavaScript allow NUL and lone surrogates, which text and jsonb refuse;
 * indexes refuse long keys; the JSON parser refuses deep nesting. U+FFFD replaces a character that cannot be stored.
 */

/** Valid data is never nested as deeply as this. */
const MAX_DEPTH = 100;

const storableText = (text: string): string => text.replaceAll("\0", "\uFFFD").toWellFormed();

const MAX_ID_CHARS = 200;

/**
 * A foreign id or name as the key of an index. A long id keeps its beginning and gets a hash, so that it stays unique.
 */
export function storableId(id: string): string {
  const text = storableText(id);
  if (text.length <= MAX_ID_CHARS) return text;
  const hash = createHash("sha256").update(text).digest("hex");
  return storableText(`${text.slice(0, MAX_ID_CHARS - hash.length - 1)}…${hash}`);
}

/**
 * Any value as JSON that Postgres can store. Values that JSON does not know become null; levels that are too deep
 * become `…`.
 */
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

/**
 * Unstorable characters as JSON.stringify writes them. The pattern also matches after an escaped backslash, which is
 * harmless.
 */
const UNSTORABLE = /\\u0000|\\ud[89a-f]/;

/** The JSON body of a request to the database. */
export const storableBody = (json: string): string =>
  UNSTORABLE.test(json) ? JSON.stringify(storableJson(JSON.parse(json))) : json;
