import { z } from "zod";
import type { Want } from "#lib/database/tokens.ts";

/**
 * A queue of image tasks. Within a priority class each owner gets the same share, and each owner's tasks are first in,
 * first out. `atOnce` tasks are drawn at once. When `capacity` tasks are unfinished, owners that already have their
 * share of the lane are refused with "Queue full".
 */
export type Lane = { lane: string; atOnce: number; capacity: number };

/** The lanes, with the names and numbers of the source documents (T18, T20). */
export const LANES = {
  /** S1-2, S1-7: five tasks are drawn at once, and at most a hundred are unfinished. */
  tasks: { lane: "tasks", atOnce: 5, capacity: 100 },
  /** S0-2: MAX_CONCURRENCY = 6. */
  demo: { lane: "demo", atOnce: 6, capacity: 100 },
} as const satisfies Record<string, Lane>;

export const laneName = z.enum(["tasks", "demo"]);
export type LaneName = z.output<typeof laneName>;

/**
 * The tokens that one submission takes from its owner's bucket (S1-25). An owner may fill a whole lane at once (S1-18),
 * and after that submit one picture per second.
 */
export const submissionsOf = (owner: string): Want[] => [
  { key: `image-submissions:${owner}`, capacity: 150, refillPerSecond: 1, take: 1 },
];

/**
 * The tokens that one drawing takes from the provider's bucket. The bucket is very large until the provider's headers
 * correct it.
 */
export const drawingsOf = (provider: string): Want[] => [
  { key: rateKeyOf(provider), capacity: 20, refillPerSecond: 20, take: 1 },
];
export const rateKeyOf = (provider: string): string => `provider:${provider}`;
