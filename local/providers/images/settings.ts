import { z } from "zod";

/** How the provider behaves: what the control API changes. */
export const settingsSchema = z.strictObject({
  /** The share of orders that fail for no reason of theirs, with 500, 502 or 503. */
  failureRate: z.number().min(0).max(1),
  /** Which orders those are: the same seed fails the same ones, in whatever order they come. */
  seed: z.int(),
  /** Every order is answered with this status; null: as they deserve. */
  outage: z.int().min(400).max(599).nullable(),
  latencyMs: z.number().min(0).max(600_000),
  /** Width of the random share of the latency: 0.5 is ±25 %. */
  jitter: z.number().min(0).max(2),
  /** While true no order is answered: they wait for their release. */
  hold: z.boolean(),
  /** 0: no limit. */
  requestsPerSecond: z.int().min(0),
  /** Keys that open `/image/…`; null: any. */
  keys: z.array(z.string()).nullable(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** As the documents have it, but without their 30 seconds. */
export const DEFAULTS: Settings = {
  failureRate: 0.1,
  seed: 1,
  outage: null,
  latencyMs: 0,
  jitter: 0.5,
  hold: false,
  requestsPerSecond: 0,
  keys: null,
};
