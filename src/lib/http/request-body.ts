import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { parseJson } from "#lib/http/json.ts";
import { type BodyKind, CONTENT_TYPES, type Route } from "#lib/http/route.ts";

/**
 * The body of a route that declares none: empty, or an empty object, because many clients always send one. A field is
 * an error of the caller, which the answer names: without this schema the field would be ignored.
 */
const NO_FIELDS = z.strictObject({}).optional();

/** The schema of the route's body; undefined for GET without a body, which is not read. */
export const bodySchema = ({ body, method }: Pick<Route, "body" | "method">): z.ZodType | undefined =>
  body ?? (method === "GET" ? undefined : NO_FIELDS);

/** The body, as `bodySchema` expects it; undefined when it is not read, or empty. */
export async function readBody(request: Request, route: Route): Promise<unknown> {
  const schema = bodySchema(route);
  if (schema === undefined) return undefined;
  const bytes = await readBytes(request, route.maxBodyBytes);
  if (bytes.byteLength === 0) {
    // Many clients send a content type even without a body.
    const mayBeAbsent = !request.headers.has("content-type") || schema.safeParse(undefined).success;
    if (mayBeAbsent) return undefined;
  }
  const { kind, contentType } = describe(request, route.bodyKinds);
  if (kind === "signed") return { bytes };
  if (kind === "form") return readForm(bytes, request);
  if (kind === "image") return { bytes, contentType };
  return kind === "csv" ? { csv: bytes } : parseJson(decode(bytes));
}

/** The text fields of a form. Files are left out; of repeated fields, the last one counts. */
async function readForm(bytes: Uint8Array, request: Request): Promise<Record<string, string>> {
  const headers = { "content-type": request.headers.get("content-type") ?? "" };
  const form = await new Response(new Uint8Array(bytes), { headers }).formData().catch((cause: unknown) => {
    throw new AppError("invalid_request", "The body is not a form", { cause });
  });
  return Object.fromEntries(
    [...form].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

function describe(request: Request, accepted: readonly BodyKind[]): { kind: BodyKind; contentType: string } {
  const [type = "", ...parameters] = (request.headers.get("content-type") ?? "").toLowerCase().split(";");
  const contentType = type.trim();
  const kind = accepted.find((one) => CONTENT_TYPES[one].includes(contentType));
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  // A CSV may have any encoding: the table reader detects it.
  if (kind !== undefined && (kind === "csv" || isUtf8)) return { kind, contentType };
  const wanted = accepted.flatMap((one) => CONTENT_TYPES[one]).join(" or ");
  throw new AppError(
    "unsupported_media_type",
    accepted.includes("image") ? `Send ${wanted}` : `Send ${wanted} in UTF-8`,
  );
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new AppError("payload_too_large", `The body is larger than ${limit} bytes`);
  const declared = request.headers.get("content-length");
  if (Number(declared ?? 0) > limit) throw tooLarge();
  if (declared !== null) {
    // HTTP ends a body at its declared length, so this body is bounded and can be read in one piece, which costs less
    // than reading its stream.
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > limit) throw tooLarge();
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("invalid_encoding", "The body is not valid UTF-8", { cause });
  }
}
