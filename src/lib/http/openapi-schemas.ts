import { z } from "zod";
import { AppError } from "#lib/errors.ts";

export type Schema = Record<string, unknown>;
type Io = "input" | "output";

const converted = z.looseObject({
  $schema: z.string().optional(),
  $defs: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/**
 * Converts Zod schemas to JSON Schema. A schema with a name (`.meta({ id: "Job" })`) is written once, in `named`, and
 * referred to elsewhere. Only answers have names, because for a request's body the same name would need another schema.
 */
export function createSchemas() {
  const named: Record<string, Schema> = {};
  return {
    named,
    of(schema: z.ZodType, io: Io): Schema {
      const { $schema: _, $defs, ...rest } = converted.parse(toJsonSchema(schema, io));
      for (const [name, definition] of Object.entries($defs)) add(name, definition);
      return move(rest);
    },
  };

  function add(name: string, definition: Schema): void {
    const moved = isAnonymous(name) ? ANY_JSON : move(definition);
    const known = named[nameOf(name)] ?? moved;
    if (JSON.stringify(known) !== JSON.stringify(moved)) {
      throw new AppError("configuration", `Two different schemas have the name ${name}`);
    }
    named[nameOf(name)] = known;
  }
}

const toJsonSchema = (schema: z.ZodType, io: Io) => z.toJSONSchema(schema, { io, unrepresentable: "any" });

/**
 * The schema of any JSON value (`z.json()`) is the only one that refers to itself, and zod names it by a number. This
 * description replaces the schema, because generators of types cannot follow the reference.
 */
const ANY_JSON: Schema = { description: "Any JSON value" };
const isAnonymous = (name: string): boolean => name.startsWith("__");
const nameOf = (name: string): string => (isAnonymous(name) ? "JsonValue" : name);

/** Makes references point to the document's components, not to each schema's own definitions. */
function move(schema: Schema): Schema {
  const moved: unknown = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "$ref" && typeof value === "string"
      ? `#/components/schemas/${nameOf(value.replace("#/$defs/", ""))}`
      : value,
  );
  return z.record(z.string(), z.unknown()).parse(moved);
}
