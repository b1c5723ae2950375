/** The fields of something that came as JSON of no certain shape; of a text or a number there are none. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  const entries: [string, unknown][] =
    typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries);
}
