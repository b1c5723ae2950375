/** The fields of a JSON value of unknown type; empty for a text or a number. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  const entries: [string, unknown][] =
    typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries);
}
