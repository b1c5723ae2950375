import type { Random } from "./random.ts";

/** The parts of a JSON Schema that the generator uses. */
export type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
};

/** Values seen in answers, by the name of their field: ids, cursors and positions that exist. */
export type Known = Map<string, unknown[]>;

const TEXTS = [
  "",
  " ",
  "a",
  "News for {{name|you}}",
  "{{name",
  "{{#if a}}",
  "ada@example.com",
  "Ada <ada@example.com>",
  "a@b",
  "../../etc/passwd",
  "%00",
  "%",
  "' or 1=1 --",
  "__proto__",
  "null",
  "\u0000",
  "\ud83d",
  "a\r\nbcc: b@example.com",
  "\u202Eevil",
  "👍".repeat(300),
  "漢".repeat(1500),
  "a".repeat(10_000),
  "9007199254740993",
  "1e400",
  "-1",
  "0x10",
  "NaN",
];
const MOMENTS = [
  "2900-01-01T00:00:00Z",
  "1970-01-01T00:00:00.000001+14:00",
  "2999-12-31T23:59:59.999999-14:59",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00+23:00",
  "9999-12-31T23:59:59-23:59",
  "294277-01-01T00:00:00Z",
  "2900-02-30T00:00:00Z",
  "2900-01-01T24:00:00Z",
  `2900-01-01T00:00:00.${"1".repeat(300)}Z`,
  "infinity",
  "2900-01-01",
];
const DAYS = [
  "2900-01-01",
  "2900-01-02",
  "1970-01-01",
  "2999-12-31",
  "0000-01-01",
  "0001-01-01",
  "9999-12-31",
  "2900-02-30",
];
const IDS = [
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "00000000-0000-4000-8000-000000000001",
  "{00000000-0000-4000-8000-000000000001}",
  "abcdefabcdef",
  "not-an-id",
];
const POSITIONS = [
  "1:1:",
  "5:10:10",
  "5:10:7,6",
  "0:0:",
  "1:999999999999999999:",
  "999999999999999999:999999999999999999:",
  "9223372036854775808:9223372036854775809:",
];
const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString("base64url");
const CURSORS = [
  cursor({ at: "2026-01-01T00:00:00Z", id: "no uuid" }),
  cursor({ at: "0000-01-01T00:00:00Z", id: "00000000-0000-4000-8000-000000000001" }),
  cursor({ at: "2026-01-01T00:00:00+23:00", id: "00000000-0000-4000-8000-000000000001" }),
  cursor({ id: 2 ** 60 }),
  cursor({ id: -1 }),
  cursor([[[[[]]]]]),
  cursor(null),
  "e30",
];
const NUMBERS = [0, -1, 1, 1.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 63), 1e308, 5e-324];

const ANYTHING: unknown[] = [
  ...TEXTS,
  ...MOMENTS,
  ...IDS,
  ...NUMBERS,
  null,
  true,
  [],
  {},
  [[]],
  { a: { b: [1] } },
];

/** A value for this schema: mostly a valid one, at its bounds or from an answer; sometimes any value at all. */
export function valueFor(schema: Schema, name: string, random: Random, known: Known): unknown {
  if (random.chance(0.06)) return random.pick(ANYTHING);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return valueFor(random.pick(choices), name, random, known);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return random.pick(schema.enum);
  switch (schema.type) {
    case "string":
      return textFor(schema, name, random, known);
    case "integer":
    case "number":
      return numberFor(schema, name, random, known);
    case "boolean":
      return random.chance(0.5);
    case "array":
      return Array.from({ length: random.int(0, 4) }, () =>
        valueFor(schema.items ?? {}, name, random, known),
      );
    case "object":
      return objectFor(schema, random, known);
    default:
      return random.chance(0.5) ? subscriber(random) : random.pick(ANYTHING);
  }
}

function objectFor(schema: Schema, random: Random, known: Known): Record<string, unknown> {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).filter(([field]) =>
    random.chance(required.has(field) ? 0.97 : 0.4),
  );
  const filled = fields.map(([field, child]): [string, unknown] => [
    field,
    valueFor(child, field, random, known),
  ]);
  const extra: [string, unknown][] = random.chance(0.04) ? [[random.pick(TEXTS), random.pick(ANYTHING)]] : [];
  return Object.fromEntries([...filled, ...extra]);
}

function textFor(schema: Schema, name: string, random: Random, known: Known): unknown {
  const seen = seenFor(name, known);
  if (seen.length > 0 && random.chance(0.6)) return random.pick(seen);
  if (schema.format === "uuid") return random.pick(IDS);
  if (schema.format === "date-time") return random.pick(MOMENTS);
  if (schema.format === "date") return random.pick(DAYS);
  if (name === "cursor") return random.pick(CURSORS);
  if (name === "after") return random.pick(POSITIONS);
  if (name === "csv") return table(random);
  if (name === "from" || name === "replyTo")
    return random.pick(["ada@example.com", "Ada <ada@example.com>", ...TEXTS]);
  const { minLength = 0, maxLength = 1000 } = schema;
  if (random.chance(0.3)) return random.pick(TEXTS);
  return random
    .pick(["a", "é", "漢", "👍"])
    .repeat(random.pick([minLength, 1, 20, maxLength, maxLength + 1]))
    .slice(0, 250_000);
}

function numberFor(
  { minimum = -10, maximum = 1000 }: Schema,
  name: string,
  random: Random,
  known: Known,
): unknown {
  const seen = seenFor(name, known);
  if (seen.length > 0 && random.chance(0.5)) return random.pick(seen);
  return random.pick([minimum, maximum, minimum - 1, maximum + 1, random.int(1, 100), random.pick(NUMBERS)]);
}

/**
 * `subscriberId` and `id` in a path are ids from answers; `cursor` is a page's `nextCursor`, `after` a message's id.
 */
function seenFor(name: string, known: Known): unknown[] {
  if (name === "cursor") return known.get("nextCursor") ?? [];
  if (name === "after") return (known.get("id") ?? []).filter((id) => String(id).includes(":"));
  if (name === "subscriberId") return (known.get("id") ?? []).filter((id) => typeof id === "number");
  if (/(^id|Id|^job|^parent)$/.test(name)) return [...(known.get(name) ?? []), ...(known.get("id") ?? [])];
  return known.get(name) ?? [];
}

const subscriber = (random: Random) => ({
  email: random.pick(["a@example.com", `p${random.int(1, 500)}@example.com`, random.pick(TEXTS)]),
  [random.pick(["name", "city", "fields", random.pick(TEXTS)])]: random.pick(ANYTHING),
});

const table = (random: Random): string =>
  [
    random.pick(["email,name", "EMAIL;name", "name", "email\tname", '"email', ""]),
    ...Array.from({ length: random.int(0, 30) }, () =>
      random.pick(["a@example.com,A", "b@example.com;B", ...TEXTS]),
    ),
  ].join(random.pick(["\n", "\r\n", "\r"]));
