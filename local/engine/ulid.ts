import { createHash } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 48 bits of time and 80 bits of entropy, in Crockford's base 32: ids that sort by time. */
export function ulidFrom(timeMs: number, entropy: Uint8Array): string {
  let time = timeMs;
  let head = "";
  for (let i = 0; i < 10; i++) {
    head = alphabet.charAt(time % 32) + head;
    time = Math.floor(time / 32);
  }
  // Five bytes are exactly eight base-32 digits, so the ten bytes are two numbers that JavaScript holds exactly.
  return head + base32(entropy, 0) + base32(entropy, 5);
}

function base32(bytes: Uint8Array, from: number): string {
  let number = 0;
  for (let i = from; i < from + 5; i++) number = number * 256 + (bytes[i] ?? 0);
  let digits = "";
  for (let i = 0; i < 8; i++) {
    digits = alphabet.charAt(number % 32) + digits;
    number = Math.floor(number / 32);
  }
  return digits;
}

export function ulid(timeMs: number, random: () => number): string {
  const entropy = new Uint8Array(10);
  for (let i = 0; i < entropy.length; i++) entropy[i] = Math.floor(random() * 256);
  return ulidFrom(timeMs, entropy);
}

export const isUlid = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);

const seedHeader = /^(\d+),([A-Za-z0-9+/]+={0,2})$/;

/**
 * The SDK sends `<ms>,<base64 of ten bytes>` with a batch of events and sends the same again when it retries. The
 * server adds each event's place, counted from ONE, to the last four bytes: the retry yields the ids of the first try.
 */
export function seededUlid(header: string, place: number): string | undefined {
  const match = seedHeader.exec(header);
  if (!match) return undefined;
  const entropy = Buffer.from(match[2] ?? "", "base64");
  const timeMs = Number(match[1]);
  if (entropy.length !== 10 || timeMs <= 0) return undefined;
  entropy.writeUInt32BE((entropy.readUInt32BE(6) + place) >>> 0, 6);
  return ulidFrom(timeMs, entropy);
}

/** The server names functions by uuid in its API; ours is derived, so that it is the same after every start. */
export function uuidOf(name: string): string {
  const hash = createHash("sha1").update(name).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
