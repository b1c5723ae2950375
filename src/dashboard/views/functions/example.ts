type Schema = Readonly<Record<string, unknown>>;

/** Data as a starting point: each required field of a JSON Schema, with an empty value of its type. */
export function exampleOf(schema: Schema): unknown {
  const { type, properties, required, enum: allowed } = schema;
  if (Array.isArray(allowed)) return allowed[0];
  if (type === "string") return "";
  if (type === "number" || type === "integer") return 0;
  if (type === "boolean") return false;
  if (type === "array") return [];
  if (!isSchema(properties)) return {};
  const names = Array.isArray(required) ? required : [];
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      names.includes(name) && isSchema(field) ? [[name, exampleOf(field)]] : [],
    ),
  );
}

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;
