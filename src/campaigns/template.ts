/**
 * Merge fields: `{{name}}`, or `{{name|friend}}` with words for who has none. A field is missing when the
 * subscriber has no value for it, or an empty one (an empty cell of a CSV says nothing).
 */
export type Fields = Readonly<Record<string, unknown>>;

/** A template cut at its merge fields, once per campaign; texts and fields alternate. */
export type Template = { texts: readonly string[]; fields: readonly MergeField[] };
type MergeField = { name: string; fallback: string | undefined };

const MERGE_FIELD = /\{\{\s*([\w.-]+)\s*(?:\|([^{}]*))?\}\}/g;

export function parseTemplate(source: string): Template {
  const texts: string[] = [];
  const fields: MergeField[] = [];
  let from = 0;
  for (const match of source.matchAll(MERGE_FIELD)) {
    texts.push(source.slice(from, match.index));
    fields.push({ name: match[1] ?? "", fallback: match[2]?.trim() });
    from = match.index + match[0].length;
  }
  texts.push(source.slice(from));
  return { texts, fields };
}

/** How a value stands in a format; the template's own text is the author's and stays as it is. */
export type Escape = (value: string) => string;

/** The filled template. Names of fields that are missing without a fallback are added to `missing`. */
export function fillTemplate(
  { texts, fields }: Template,
  values: Fields,
  escape: Escape,
  missing: string[],
): string {
  let filled = texts[0] ?? "";
  for (let index = 0; index < fields.length; index++) {
    const { name = "", fallback } = fields[index] ?? {};
    const value = toText(Object.hasOwn(values, name) ? values[name] : undefined) || fallback;
    if (value === undefined) missing.push(name);
    filled += escape(value ?? "") + (texts[index + 1] ?? "");
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

export const escapeHtml: Escape = (value) =>
  value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

export const asPlainText: Escape = (value) => value;

/** A header is one line: a value with a line break must not begin another header. */
export const asHeader: Escape = (value) => value.replace(/[\r\n\u0085\u2028\u2029]+/g, " ");
