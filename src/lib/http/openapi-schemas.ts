import { z } from "zod";
import { AppError } from "#lib/errors.ts";

export type Schema = Record<string, unknown>;
type Io = "input" | "output";

const converted = z.looseObject({
  $schema: z.string().optional(),
  $defs: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/**
 * Zod schemas as JSON Schema. One that has a name (`.meta({ id: "Job" })`) stands once, among `named`, and is referred
 * to everywhere else. Names are for answers: a body with a name would mean something else when read than when written.
 */
export function createSchemas() {
  const named: Record<string, Schema> = {};
  return {
    named,
    of(schema: z.ZodType, io: Io): Schema {
      const { $schema: _, $defs, ...rest } = converted.parse(toJsonSchema(schema, io));
      for (const [name, definition] of Object.entries($defs))
        add(nameOf(name, definition), definition, $defs);
      return move(rest, $defs);
    },
  };

  function add(name: string, definition: Schema, siblings: Record<string, Schema>): void {
    const moved = move(definition, siblings);
    const known = named[name] ?? moved;
    if (JSON.stringify(known) !== JSON.stringify(moved)) {
      throw new AppError("configuration", `Two different schemas have the name ${name}`);
    }
    named[name] = known;
  }
}

const toJsonSchema = (schema: z.ZodType, io: Io) => z.toJSONSchema(schema, { io, unrepresentable: "any" });

/** The only schema that refers to itself here is that of any JSON value (`z.json()`), which zod cannot name. */
const nameOf = (name: string, definition: Schema): string => {
  if (!name.startsWith("__")) return name;
  if (Object.keys(definition).join() === "anyOf") return "JsonValue";
  throw new AppError("configuration", "A schema that refers to itself needs a name: .meta({ id })");
};

/** References lead into the document's components instead of into each schema's own definitions. */
function move(schema: Schema, siblings: Record<string, Schema>): Schema {
  const moved: unknown = JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== "$ref" || typeof value !== "string") return value;
    const name = value.replace("#/$defs/", "");
    return `#/components/schemas/${nameOf(name, siblings[name] ?? {})}`;
  });
  return z.record(z.string(), z.unknown()).parse(moved);
}
