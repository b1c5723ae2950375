import { AppError } from "#lib/errors.ts";
import type { BodyKind, Route } from "#lib/http.ts";

const MEDIA_TYPES: Record<string, BodyKind> = { "application/json": "json", "text/csv": "csv" };

/** The body as the route's schema wants to see it; undefined when the route has no use for one. */
export async function readBody(request: Request, route: Route): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const bytes = await readBytes(request, route.maxBodyBytes);
  if (bytes.byteLength === 0 && !request.headers.has("content-type")) return undefined;
  const kind = bodyKind(request, route.bodyKinds);
  const text = decode(bytes);
  return kind === "csv" ? { csv: text } : parseJson(text);
}

function bodyKind(request: Request, accepted: readonly BodyKind[]): BodyKind {
  const [type = "", ...parameters] = (request.headers.get("content-type") ?? "").toLowerCase().split(";");
  const kind = MEDIA_TYPES[type.trim()];
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (kind !== undefined && accepted.includes(kind) && isUtf8) return kind;
  const wanted = accepted.map((k) => (k === "csv" ? "text/csv" : "application/json")).join(" or ");
  throw new AppError("unsupported_media_type", `Send ${wanted} in UTF-8`);
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new AppError("payload_too_large", `The body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
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

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_json", "The body is not valid JSON", { cause });
  }
  if (text.includes("\\u")) JSON.stringify(value, refuseUnstorable);
  return value;
}

/** NUL and lone surrogates are valid JSON but no text that Postgres can hold. */
function refuseUnstorable(key: string, value: unknown): unknown {
  if (isUnstorable(key) || (typeof value === "string" && isUnstorable(value))) {
    throw new AppError("invalid_request", "Text must not contain NUL or half of a surrogate pair");
  }
  return value;
}

export const isUnstorable = (text: string): boolean => /\0|\p{Surrogate}/u.test(text);
