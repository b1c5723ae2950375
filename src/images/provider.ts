import type { Picture } from "#lib/pictures/kind.ts";

/**
 * The longest percent-encoded prompt. Pollinations accepts addresses of 8 KB, and the rest of the address needs less
 * than 1 KB.
 */
export const MOST_PROMPT_BYTES = 7_000;

/** The picture to draw. With the same prompt and seed, a provider should draw the same picture. */
export type PictureOrder = { taskId: string; prompt: string; seed: number; width: number; height: number };

/**
 * The interface of an image provider. `draw` throws only `AppError(provider_*)`, or `deadline_passed` after `leftMs`
 * (the time until the deadline, or Infinity). A repeated drawing does no harm.
 */
export type ImageProvider = { name: string; draw(order: PictureOrder, leftMs?: number): Promise<Picture> };
