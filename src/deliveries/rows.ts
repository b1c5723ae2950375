import { z } from "zod";
import { SCHEDULE_NAMES } from "#deliveries/schedule.ts";

export const endpointRow = z.object({
  id: z.uuid(),
  owner: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  description: z.string(),
  per_second: z.number(),
  policy: z.enum(SCHEDULE_NAMES),
  status: z.enum(["enabled", "disabled"]),
  disabled_reason: z.enum(["user", "gone", "failing"]).nullable(),
  disabled_at: z.string().nullable(),
  failing_since: z.string().nullable(),
  failure_count: z.number(),
  last_success_at: z.string().nullable(),
  paused_until: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  old_secret_until: z.string().nullable(),
  /** Deliveries that wait. */
  pending: z.number(),
  /** The attempts in the last 24 hours. */
  attempts: z.object({ total: z.number(), succeeded: z.number() }),
});
export type EndpointRow = z.output<typeof endpointRow>;

export const deliveryRow = z.object({
  id: z.uuid(),
  endpoint_id: z.uuid(),
  message_id: z.uuid(),
  status: z.enum(["pending", "delivered", "failed"]),
  attempt_count: z.number(),
  next_at: z.string().nullable(),
  answer_status: z.number().nullable(),
  error_code: z.string().nullable(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
  type: z.string(),
  message_at: z.string(),
  data: z.json(),
  url: z.string(),
});
export type DeliveryRow = z.output<typeof deliveryRow>;

export const attemptRow = z.object({
  number: z.number(),
  at: z.string(),
  duration_ms: z.number(),
  url: z.string(),
  request_headers: z.record(z.string(), z.string()),
  answer_status: z.number().nullable(),
  answer_headers: z.record(z.string(), z.string()),
  answer_body: z.string(),
  error_code: z.string().nullable(),
  next_at: z.string().nullable(),
});
export const deliveryWithAttempts = deliveryRow.extend({ attempts: z.array(attemptRow) });

export const claimRow = z.object({
  url: z.string(),
  perSecond: z.number(),
  policy: z.enum(SCHEDULE_NAMES),
  secret: z.string(),
  oldSecret: z.string().nullable(),
  deliveries: z.array(
    z.object({
      id: z.uuid(),
      messageId: z.uuid(),
      type: z.string(),
      data: z.json(),
      at: z.string(),
      /**
       * The number of the next attempt: `attempt` counts all attempts, `try` those since the delivery was last queued.
       */
      attempt: z.number(),
      try: z.number(),
    }),
  ),
});
export type Claim = z.output<typeof claimRow>;
export type Due = Claim["deliveries"][number];

/** The record of one attempt. */
export type Attempt = {
  deliveryId: string;
  status: "delivered" | "pending" | "failed";
  at: string;
  durationMs: number;
  url: string;
  requestHeaders: Record<string, string>;
  answerStatus: number | null;
  answerHeaders: Record<string, string>;
  answerBody: string;
  errorCode: string | null;
  nextAt: string | null;
  /** The end of the pause that the endpoint asked for. */
  pauseUntil: string | null;
  /** Whether the endpoint answered 410, because it wants no more deliveries. */
  isGone: boolean;
};
