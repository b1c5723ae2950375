import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * Signatures of cloud mode, by which engine and app authenticate each other. Signatures contain the real time, even
 * when the engine uses another clock, because the SDK compares a signature's time with the machine's time, and allows a
 * difference of five minutes.
 */
export function sign(key: string, body: string, realTimeMs: number): string {
  const seconds = Math.floor(realTimeMs / 1_000);
  const message = body === "" ? "" : canonical(JSON.parse(body));
  const hash = createHmac("sha256", withoutPrefix(key)).update(message).update(String(seconds)).digest("hex");
  return `t=${seconds}&s=${hash}`;
}

/** The bearer token that the SDK sends to the API. The token is the hash of the key, not the key itself. */
export function bearerOf(key: string): string {
  const [prefix = ""] = /^signkey-\w+-/.exec(key) ?? [];
  return (
    prefix +
    createHash("sha256")
      .update(Buffer.from(withoutPrefix(key), "hex"))
      .digest("hex")
  );
}

export function isSame(given: string, expected: string): boolean {
  const a = createHash("sha256").update(given).digest();
  const b = createHash("sha256").update(expected).digest();
  return timingSafeEqual(a, b);
}

const withoutPrefix = (key: string): string => key.replace(/^signkey-\w+-/, "");

/** JSON with sorted keys (RFC 8785), because the SDK signs the content of the body, not its bytes. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}
