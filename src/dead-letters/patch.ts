import { applyPatch, type Operation } from "rfc6902";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import type { Json } from "#lib/database/database.types.ts";
import { plainIssue } from "#lib/http/plain-issue.ts";
import { wrongFields } from "#lib/http/wrong-fields.ts";
import { maskPersonal } from "#lib/mask-personal.ts";
import { storableJson } from "#lib/storable.ts";

const MAX_OPERATIONS = 20;
const MAX_PATCH_BYTES = 4096;
/** The free plan of Inngest accepts events of up to 256 KiB. */
const MAX_DATA_BYTES = 200_000;
const MAX_REASON_CHARS = 500;

/** A JSON Pointer (RFC 6901). */
const pointer = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, "must be a JSON Pointer, such as /email")
  .refine(
    (path) => !/\/(?:__proto__|constructor|prototype)(?:\/|$)/.test(path),
    "must not name __proto__, constructor or prototype",
  );

const operation = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal(["add", "replace", "test"]), path: pointer, value: z.json() }),
  z.strictObject({ op: z.literal("remove"), path: pointer }),
  z.strictObject({ op: z.literal(["move", "copy"]), from: pointer, path: pointer }),
]);

/** A JSON Patch (RFC 6902) for the data of an event. */
export const jsonPatch = z
  .array(operation)
  .min(1)
  .max(MAX_OPERATIONS)
  .refine((patch) => bytesOf(patch) <= MAX_PATCH_BYTES, `must be at most ${MAX_PATCH_BYTES} bytes long`);
export type JsonPatch = z.output<typeof jsonPatch>;

export const patchBody = z.strictObject({ patch: jsonPatch.optional() }).prefault({});

/**
 * The operations without their values and without e-mail addresses, because an erasure does not change the audit log.
 */
export function auditedPatch(body: unknown): Record<string, string> {
  const { patch } = z.object({ patch: jsonPatch.nullish() }).parse(body);
  if (!patch) return {};
  return { patch: cut(maskPersonal(patch.map(({ op, path }) => `${op} ${path}`).join(", ")), 1000) };
}

type Event = { event: string; data: Record<string, Json> };
/** The data with which a dead letter may be reprocessed, or why it may not. */
export type Checked = { data: Record<string, Json> } | { refusal: string };
export type CheckLetter = ReturnType<typeof createCheckLetter>;

/** The fields that connect the work with its job. A patch must not change them. */
const FIXED = ["parentJobId", "part"];

/**
 * Applies a patch to a dead letter's data, and checks the result by the schema of its event, as the function does when
 * its run begins. Without a patch, checks the unchanged data. Writes nothing.
 */
export const createCheckLetter =
  (schemas: ReadonlyMap<string, z.ZodType>) =>
  ({ event, data: stored }: Event, patch: JsonPatch | null): Checked => {
    const schema = schemas.get(event);
    if (!schema) return refuse(`${event} has no schema, so its data cannot be checked`);
    // Reprocessing drops the old deadline, so a patch may set a new one.
    const { deadlineAt: _, ...before } = stored;
    const patched = applied(before, patch ?? []);
    if ("refusal" in patched) return patched;
    const { data } = patched;
    const moved = FIXED.find((field) => JSON.stringify(data[field]) !== JSON.stringify(stored[field]));
    if (moved) return refuse(`${moved} must stay as it is, because it names the job of this work`);
    const { error } = schema.safeParse(data, { error: plainIssue });
    return error ? refuse(`The data does not fit ${event}: ${inWords(error)}`) : { data };
  };

function applied(before: Record<string, Json>, patch: readonly Operation[]): Checked {
  // The library cannot replace the root, so the data is a field of another object.
  const holder = { data: structuredClone<Json>(before) };
  for (const [index, one] of patch.entries()) {
    const why = wrongWith(holder, one);
    if (why) return refuse(`Operation ${index + 1} (${one.op} ${one.path}): ${why}`);
    // The size is checked after each operation, because every copy may double the data.
    if (bytesOf(holder.data) > MAX_DATA_BYTES) {
      return refuse(`The data is larger than ${MAX_DATA_BYTES} bytes after operation ${index + 1}`);
    }
  }
  const { data } = z.record(z.string(), z.json()).safeParse(storableJson(holder.data));
  return data ? { data } : refuse("The data must stay an object");
}

/** Applies one operation. Returns why it cannot be applied. */
function wrongWith(holder: { data: Json }, one: Operation): string | undefined {
  const mayBeNew = "from" in one || one.op === "add";
  const isFound = !("from" in one) || leads(holder.data, one.from, false);
  if (!isFound || !leads(holder.data, one.path, mayBeNew)) return WRONG["MissingError"];
  const moved = "from" in one ? { from: `/data${one.from}` } : {};
  const [error] = applyPatch(holder, [{ ...one, ...moved, path: `/data${one.path}` }]);
  return error ? (WRONG[error.name] ?? error.name) : undefined;
}

/**
 * Whether a path leads to a value of the data. With `mayBeNew`, the path may also lead to a place where a value can be
 * added. The library also follows inherited properties, so that /toString/call would change this function for the whole
 * process.
 */
function leads(root: unknown, path: string, mayBeNew: boolean): boolean {
  const tokens = path.split("/").slice(1);
  let at = root;
  for (const [index, token] of tokens.entries()) {
    if (typeof at !== "object" || at === null) return false;
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at) && !/^(?:-|0|[1-9]\d*)$/.test(name)) return false;
    if (!Object.hasOwn(at, name)) return mayBeNew && index === tokens.length - 1;
    at = Reflect.get(at, name);
  }
  return true;
}

const WRONG: Readonly<Record<string, string>> = {
  MissingError: "there is no value at this path",
  TestError: "the value is another one",
};

const refuse = (reason: string) => ({ refusal: cut(maskPersonal(reason), MAX_REASON_CHARS) });

/** Each wrong field with what is wrong with it. A schema's own message may stand alone, without a field. */
const inWords = (error: z.ZodError): string =>
  wrongFields(error)
    .map(({ field, message }) => (field === "" ? message : `"${field}" ${message}`))
    .join("; ");

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");
