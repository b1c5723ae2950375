import { z } from "zod";
import { json } from "#providers/http.ts";
import type { Order } from "./draw.ts";

/** The real service answers a longer address with 414, without reading it. */
const MOST_ADDRESS_BYTES = 8 * 1024;

const side = z.coerce.number().int().min(16).max(2048).default(1024);
const flag = z.enum(["true", "false"]).optional();

/** All parameters are optional, so a misspelled one would be ignored. Therefore unknown parameters are refused. */
const querySchema = z.strictObject({
  width: side,
  height: side,
  seed: z.coerce.number().int().min(-1).max(4_294_967_295).default(42),
  model: z.string().optional(),
  nologo: flag,
  private: flag,
  enhance: flag,
  safe: flag,
});

/**
 * `/prompt/{prompt}` needs no key, but `/image/{prompt}` does. Returns the order, or an answer that says what is wrong
 * with the request.
 */
export function readOrder(
  request: Request,
  path: string,
  query: URLSearchParams,
  keys: readonly string[] | null,
): Order | Response {
  if (request.url.length > MOST_ADDRESS_BYTES) return json(414, { error: "The address is too long" });
  const [, verb, name = ""] = /^\/(prompt|image)\/([^/]*)$/.exec(path) ?? [];
  if (verb === undefined) return json(404, { error: `There is no ${path} here` });
  if (request.method !== "GET")
    return json(405, { error: "Pictures are asked for by GET" }, { allow: "GET" });
  if (verb === "image" && !isKnown(request.headers.get("authorization"), keys)) {
    return json(401, { error: "Authentication required: send an API key as a Bearer token" });
  }
  const prompt = decode(name).trim();
  if (prompt === "") return json(400, { error: "The prompt is empty" });
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) return json(400, { error: z.prettifyError(parsed.error) });
  const { width, height, seed } = parsed.data;
  return { prompt, width, height, seed };
}

function isKnown(header: string | null, keys: readonly string[] | null): boolean {
  const [, key] = /^Bearer (\S+)$/.exec(header ?? "") ?? [];
  return key !== undefined && (keys === null || keys.includes(key));
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return ""; // an incomplete percent escape
  }
}
