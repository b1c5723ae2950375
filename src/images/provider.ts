import type { Picture } from "#lib/pictures/kind.ts";

/** What is to be drawn. The same seed gives the same picture, as far as a provider keeps that promise. */
export type PictureOrder = { taskId: string; prompt: string; seed: number; width: number; height: number };

/**
 * The port to whoever draws. `draw` throws `AppError(provider_*)`, or `deadline_passed` after `leftMs` (what is left to
 * the deadline; none: Infinity), and nothing else; drawing twice does no harm.
 */
export type ImageProvider = { name: string; draw(order: PictureOrder, leftMs?: number): Promise<Picture> };
