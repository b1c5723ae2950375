import { createHash } from "node:crypto";
import { uuidToULID } from "ulid";

/** A ULID: 48 bits of time and 80 bits of entropy. */
function ulidFrom(timeMs: number, entropy: Buffer): string {
  const hex = timeMs.toString(16).padStart(12, "0") + entropy.toString("hex");
  return uuidToULID(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
}

export const ulid = (timeMs: number, random: () => number): string =>
  ulidFrom(timeMs, Buffer.from(Array.from({ length: 10 }, () => Math.floor(random() * 256))));

export const isUlid = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);

/**
 * The SDK sends `<ms>,<base64 of ten bytes>` with a batch of events, and the same text again when it retries. The
 * server adds each event's position, counted from 1, to the last four bytes, so a retry gets the ids of the first try.
 */
export function seededUlid(header: string, place: number): string | undefined {
  const [, time = "0", seed = ""] = /^(\d+),([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? [];
  const entropy = Buffer.from(seed, "base64");
  const timeMs = Number(time);
  if (entropy.length !== 10 || timeMs <= 0 || timeMs >= 2 ** 48) return undefined;
  entropy.writeUInt32BE((entropy.readUInt32BE(6) + place) >>> 0, 6);
  return ulidFrom(timeMs, entropy);
}

/**
 * The server identifies functions by UUID in its API. This UUID is derived from the name, so that it stays the same
 * after a restart.
 */
export function uuidOf(name: string): string {
  const hash = createHash("sha1").update(name).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
