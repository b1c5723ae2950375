import { z } from "zod";

/**
 * A fault of POST requests. A rule without `status` and without `dropAnswer` only delays. The first rule that matches a
 * request is used.
 */
export const faultRule = z.strictObject({
  status: z.int().min(400).max(599).optional(),
  /** Accepts the mail, then ends the connection without an answer. */
  dropAnswer: z.boolean().optional(),
  /** Delays the answer by this time, in addition to the provider's latency. */
  latencyMs: z.number().min(0).max(600_000).optional(),
  /** The header `retry-after` of the answer, in seconds. */
  retryAfter: z.int().min(0).optional(),
  /** The rule applies to this many requests, and then never again. */
  count: z.int().min(0).optional(),
  /** The rule applies to every n-th matching request. */
  every: z.int().min(1).optional(),
  /** A regular expression over the Idempotency-Key and the recipients. */
  match: z.string().refine(isPattern, "is not a regular expression").optional(),
});
export type FaultRule = z.infer<typeof faultRule>;

/** The provider's behavior, which the control API changes. The settings survive a restart. */
export const settingsSchema = z.strictObject({
  faults: z.array(faultRule).default([]),
  /** The API keys that are accepted; null: any. */
  keys: z.array(z.string()).nullable().default(null),
  /** Recipients that are refused for good, in lower case. */
  rejected: z.array(z.string()).default([]),
  /** Requests per second; 0: no limit. */
  requestsPerSecond: z.number().min(0).default(0),
  latencyMs: z.number().min(0).max(600_000).default(0),
  /** False: the stand-in behaves like a provider that ignores Idempotency-Key. */
  idempotency: z.boolean().default(true),
});
export type Settings = z.infer<typeof settingsSchema>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
