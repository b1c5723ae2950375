import { z } from "zod";
import type { Want } from "#lib/database/tokens.ts";

/**
 * A line of image tasks: first come, first served within a class of priority; so many drawn at once, so many
 * unfinished before the next one hears "Queue full".
 */
export type Lane = { lane: string; atOnce: number; capacity: number };

/** The documents' numbers, each under its own name (T18, T20). */
export const LANES = {
  /** S1-2, S1-7: five at once, a hundred unfinished. */
  tasks: { lane: "tasks", atOnce: 5, capacity: 100 },
  /** S0-2: MAX_CONCURRENCY = 6. */
  demo: { lane: "demo", atOnce: 6, capacity: 100 },
} as const satisfies Record<string, Lane>;

export const laneName = z.enum(["tasks", "demo"]);
export type LaneName = z.output<typeof laneName>;

/**
 * What one submission takes of its owner's share (S1-25). A whole lane may be filled at once (S1-18); after that it
 * is one picture a second.
 */
export const submissionsOf = (owner: string): Want[] => [
  { key: `image-submissions:${owner}`, capacity: 150, refillPerSecond: 1, take: 1 },
];

/** What one drawing takes of the provider's rate: wide open until the provider's own headers say less. */
export const drawingsOf = (provider: string): Want[] => [
  { key: rateKeyOf(provider), capacity: 20, refillPerSecond: 20, take: 1 },
];
export const rateKeyOf = (provider: string): string => `provider:${provider}`;
