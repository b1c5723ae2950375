import { createHash } from "node:crypto";

export type Flag = { name: string; isOn: boolean; percentage: number; allowed: readonly string[] };
/** `queue` is the new way, `sync` the old one. */
export type Way = "queue" | "sync";
export type Choice = { way: Way; reason: "off" | "allowed" | "percentage" };

/** Chooses the way for a key. A key that gets the new way at one percentage also gets it at every higher percentage. */
export function choose({ name, isOn, percentage, allowed }: Flag, key: string): Choice {
  if (!isOn) return { way: "sync", reason: "off" };
  if (allowed.includes(key)) return { way: "queue", reason: "allowed" };
  return { way: positionOf(name, key) < percentage ? "queue" : "sync", reason: "percentage" };
}

/** The position of a key between 0 and 100. It depends on flag and key alone, so it is the same in every process. */
function positionOf(name: string, key: string): number {
  const hash = createHash("sha256")
    .update(JSON.stringify([name, key]))
    .digest();
  return (hash.readUInt32BE() / 2 ** 32) * 100;
}
