/**
 * Merge fields: `{{name}}`, or `{{name|friend}}` with a fallback. In the query of a URL, `{{name|url_encode}}` or
 * `{{name|friend|url_encode}}` percent-encodes the value or the fallback. A field is missing when the subscriber has no value
 * for it, or an empty value (an empty cell of a CSV).
 */
export type Fields = Readonly<Record<string, unknown>>;

/** A text cut at its merge fields, once per campaign. Texts and fields alternate. */
export class Template {
  readonly texts: readonly string[];
  readonly fields: readonly MergeField[];

  constructor(texts: readonly string[], fields: readonly MergeField[]) {
    this.texts = texts;
    this.fields = fields;
  }
}
type MergeField = { name: string; fallback: string | undefined; escape: Escape };

/**
 * How a value is escaped in a format. The template's own text is not escaped, because its author wrote it for that
 * format.
 */
export type Escape = (value: string) => string;

/**
 * A column of a CSV may have any name. The spaces around it are trimmed later, because matching them here would take
 * quadratic time.
 */
export const MERGE_FIELD = /\{\{([^{}|]+)(?:\|([^{}]*))?\}\}/g;

export function parseTemplate(source: string, escape: Escape): Template {
  const texts: string[] = [];
  const fields: MergeField[] = [];
  let from = 0;
  for (const match of source.matchAll(MERGE_FIELD)) {
    const name = match[1]?.trim() ?? "";
    if (name === "") continue;
    texts.push(source.slice(from, match.index));
    const { fallback, isEncoded } = optionsOf(match[2]);
    fields.push({ name, fallback, escape: isEncoded ? (value) => escape(encodeForUrl(value)) : escape });
    from = match.index + match[0].length;
  }
  texts.push(source.slice(from));
  return new Template(texts, fields);
}

/** What follows the name of a merge field: a fallback, the filter, or both in this order. */
export function optionsOf(rest: string | undefined): { fallback: string | undefined; isEncoded: boolean } {
  const parts = rest?.split("|") ?? [];
  const isEncoded = parts.at(-1)?.trim() === "url_encode";
  if (isEncoded) parts.pop();
  return { fallback: parts.length === 0 ? undefined : parts.join("|").trim(), isEncoded };
}

/** Makes one template of a value that contains templates. When it is filled, the result is the value as JSON. */
export function jsonTemplate(value: unknown): Template {
  if (value instanceof Template) return quoted(value);
  if (Array.isArray(value)) return concat(["[", ...separated(value.map(jsonTemplate)), "]"]);
  if (typeof value !== "object" || value === null) return new Template([asciiJson(value)], []);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => concat([`${asciiJson(name)}:`, jsonTemplate(member)]));
  return concat(["{", ...separated(members), "}"]);
}

const quoted = ({ texts, fields }: Template): Template =>
  concat([
    '"',
    new Template(
      texts.map(insideJson),
      fields.map(({ escape, ...field }) => ({ ...field, escape: (value) => insideJson(escape(value)) })),
    ),
    '"',
  ]);

const separated = (parts: readonly Template[]) =>
  parts.flatMap((part, index) => (index > 0 ? [",", part] : [part]));

function concat(parts: readonly (Template | string)[]): Template {
  const texts = [""];
  const fields: MergeField[] = [];
  for (const part of parts) {
    const [first = "", ...rest] = typeof part === "string" ? [part] : part.texts;
    texts.push((texts.pop() ?? "") + first, ...rest);
    if (typeof part !== "string") fields.push(...part.fields);
  }
  return new Template(texts, fields);
}

/** Fills the template. Adds the names of missing fields without a fallback to `missing`. */
export function fillTemplate(
  { texts, fields }: Template,
  valueOf: (name: string) => unknown,
  missing: string[],
): string {
  let filled = texts[0] ?? "";
  let next = 1;
  for (const { name, fallback, escape } of fields) {
    const value = toText(valueOf(name)) || fallback;
    if (value === undefined) missing.push(name);
    filled += escape(value ?? "") + (texts[next++] ?? "");
  }
  return filled;
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

// A campaign escapes millions of values, most of which contain nothing to escape. Testing a value is several times
// faster than replacing in it.
const unlessPlain =
  (special: RegExp, escape: Escape): Escape =>
  (value) =>
    special.test(value) ? escape(value) : value;

export const escapeHtml: Escape = unlessPlain(/[&<>"']/, (value) =>
  value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character),
);

/** Only the characters stay that RFC 3986 calls unreserved. A lone half of a character pair cannot be encoded. */
const encodeForUrl: Escape = unlessPlain(/[^\w.~-]/, (value) =>
  encodeURIComponent(value.replace(/\p{Surrogate}/gu, "\uFFFD")).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  ),
);

export const asPlainText: Escape = (value) => value;

/** A header is one line, so a line break in a value must not begin another header. */
export const asHeader: Escape = unlessPlain(/[\r\n\u0085\u2028\u2029]/, (value) =>
  value.replace(/[\r\n\u0085\u2028\u2029]+/g, " "),
);

const insideJson: Escape = unlessPlain(/["\\]|[^ -~]/, (value) => asciiJson(value).slice(1, -1));

/** JSON in pure ASCII, because encoding and decoding 90 KB with a few accents takes five to ten times as long. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, asUnicodeEscape);
}
const asUnicodeEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
