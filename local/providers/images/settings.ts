import { z } from "zod";

/** The provider's behavior, which the control API changes. */
export const settingsSchema = z.strictObject({
  /** The share of orders that fail with 500, 502 or 503, whatever their content. */
  failureRate: z.number().min(0).max(1),
  /** Decides which orders fail. With the same seed the same orders fail, whatever their sequence is. */
  seed: z.int(),
  /** Every order is answered with this status. Null: normal behavior. */
  outage: z.int().min(400).max(599).nullable(),
  latencyMs: z.number().min(0).max(600_000),
  /** Width of the random part of the latency: 0.5 is ±25 %. */
  jitter: z.number().min(0).max(2),
  /** While this is true, requests get no answer. A call of the control API releases the answers. */
  hold: z.boolean(),
  /** 0: no limit. */
  requestsPerSecond: z.int().min(0),
  /** The API keys that are accepted at `/image/…`; null: any. */
  keys: z.array(z.string()).nullable(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The values of the source documents, except the latency, which is 30 s there. */
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
