import type { Random } from "./random.ts";
import { type Known, type Schema, valueFor } from "./values.ts";

type Parameter = { $ref?: string; name: string; in: string; required?: boolean; schema: Schema };
export type Operation = {
  method: string;
  path: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
};
export type OpenApi = { paths: Record<string, Record<string, Omit<Operation, "method" | "path">>> };

/** A request that can be printed and repeated. */
export type Generated = {
  operation: Operation;
  as: "admin" | "ann" | "bob" | "nobody" | "stranger";
  url: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | undefined;
};

export const operationsOf = ({ paths }: OpenApi): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );

export function generate(operation: Operation, random: Random, known: Known): Generated {
  const parameters = (operation.parameters ?? []).filter(({ $ref }) => $ref === undefined);
  let path = operation.path;
  const query = new URLSearchParams();
  for (const { name, in: where, required, schema } of parameters) {
    const value = textOf(valueFor(schema, name, random, known));
    if (where === "path") path = path.replace(`{${name}}`, segment(value));
    else if (required || random.chance(0.35)) query.append(name, value);
  }
  if (random.chance(0.03)) query.append(random.pick(["limit", "x", "__proto__"]), "1");
  const { type, body } = bodyOf(operation, random, known);
  return {
    operation,
    as: random.pick(["admin", "admin", "ann", "ann", "ann", "bob", random.pick(["nobody", "stranger"])]),
    url: `http://site.local${path}${query.size > 0 ? `?${query}` : ""}`,
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(random.chance(0.3)
        ? { "idempotency-key": random.pick(["k1", "k2", "k".repeat(255), "k".repeat(256), "é"]) }
        : {}),
      ...(random.chance(0.8) ? { accept: "application/json" } : {}),
      ...(random.chance(0.02) ? { "last-event-id": random.pick(["5:10:10", "1:1:", "x"]) } : {}),
    },
    body,
  };
}

function bodyOf(
  { requestBody }: Operation,
  random: Random,
  known: Known,
): { type?: string; body?: Generated["body"] } {
  if (requestBody === undefined) return {};
  const type = random.pick(Object.keys(requestBody.content));
  const schema = requestBody.content[type]?.schema ?? {};
  const body = type.startsWith("image/") ? picture(random) : textual(type, schema, random, known);
  if (random.chance(0.03))
    return { type: random.pick(["text/plain", "application/xml", "image/gif", "nonsense"]), body };
  return random.chance(0.01) ? {} : { type, body };
}

function textual(type: string, schema: Schema, random: Random, known: Known): string {
  if (type === "text/csv") return String(valueFor({ type: "string" }, "csv", random, known));
  const text = JSON.stringify(valueFor(schema, "body", random, known));
  if (random.chance(0.96)) return text;
  return random.pick([
    "",
    "{",
    text.slice(0, -1),
    `${"[".repeat(5000)}"\\u0041"${"]".repeat(5000)}`,
    text.replace(/\d+/, "9007199254740993"),
    text.replace("{", '{"\\u0000":1,'),
    text.replace("{", '{"__proto__":{"a":1},'),
  ]);
}

/** A PNG of one pixel, or bytes that are no image. */
const picture = (random: Random) =>
  random.chance(0.7)
    ? Uint8Array.from(
        Buffer.from(
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
          "base64",
        ),
      )
    : new Uint8Array(random.int(0, 100));

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A segment of a path; an empty segment or a dot would change the address. */
function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) return "empty";
  return encodeURIComponent(value.slice(0, 2000).replaceAll(/\p{Surrogate}/gu, "\uFFFD"));
}
