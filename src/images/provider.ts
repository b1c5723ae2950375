import type { Picture } from "#lib/pictures/kind.ts";

/**
 * How long a prompt may be in an address, percent-encoded. Pollinations takes addresses of 8 KB; its own part and our
 * parameters need less than 1 KB of that.
 */
export const MOST_PROMPT_BYTES = 7_000;

/** What is to be drawn. The same seed gives the same picture, as far as a provider keeps that promise. */
export type PictureOrder = { taskId: string; prompt: string; seed: number; width: number; height: number };

/**
 * The port to whoever draws. `draw` throws `AppError(provider_*)`, or `deadline_passed` after `leftMs` (what is left to
 * the deadline; none: Infinity), and nothing else; drawing twice does no harm.
 */
export type ImageProvider = { name: string; draw(order: PictureOrder, leftMs?: number): Promise<Picture> };
