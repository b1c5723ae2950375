import { createHash } from "node:crypto";
import { seeded } from "#engine/seeded.ts";
import { type Size, scene } from "./scene.ts";

export type Order = Size & { prompt: string; seed: number };

/** A number of 32 bits from a hash of the text. The same text always gives the same number. */
export const numberOf = (text: string): number => createHash("sha256").update(text).digest().readUInt32LE();

/**
 * The same order gives the same picture, byte for byte. The library is imported at the first picture, so that the
 * provider starts quickly.
 */
export async function draw({ prompt, seed, width, height }: Order): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  const svg = scene(prompt, { width, height }, seeded(numberOf(`${seed} ${prompt}`)));
  return sharp(Buffer.from(svg)).flatten().jpeg({ quality: 82 }).toBuffer();
}
