import { z } from "zod";
import { bodyOfMessage } from "#deliveries/body.ts";
import {
  attemptRow,
  type DeliveryRow,
  deliveryRow,
  type deliveryWithAttempts,
  type EndpointRow,
} from "#deliveries/rows.ts";
import { SCHEDULE_NAMES } from "#deliveries/schedule.ts";
import { meaningOf } from "#lib/errors.ts";

export const endpointView = z.object({
  id: z.uuid(),
  owner: z.string(),
  url: z.string(),
  /** Event types of the catalog; `*` means all types. */
  eventTypes: z.array(z.string()),
  description: z.string(),
  /** The largest number of requests a second. */
  perSecond: z.number(),
  /** The delays between attempts: 10 attempts in 75 hours, or 6 in about five minutes. */
  policy: z.enum(SCHEDULE_NAMES),
  status: z.enum(["enabled", "disabled"]),
  /** Why the endpoint is disabled: a person disabled it, it answered 410, or it has failed for five days. */
  disabledReason: z.enum(["user", "gone", "failing"]).nullable(),
  disabledAt: z.string().nullable(),
  /** "failing": the last attempt failed, and no attempt has succeeded since `failingSince`. */
  health: z.enum(["unknown", "healthy", "failing"]),
  failingSince: z.string().nullable(),
  failedAttempts: z.number(),
  lastSuccessAt: z.string().nullable(),
  /**
   * No attempt begins before this time, because the endpoint has failed too often in a row, has asked for a pause, or the
   * job that sends its deliveries has ended without completing.
   */
  pausedUntil: z.string().nullable(),
  /** The share of successful attempts in the last 24 hours; null when there were none. */
  successRate: z.number().nullable(),
  attempts: z.number(),
  /** Deliveries that wait for an attempt. */
  pending: z.number(),
  /** After a rotation, the old secret also signs until this time. */
  oldSecretUntil: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
z.globalRegistry.add(endpointView, { id: "WebhookEndpoint" });

/** The only answer that shows the secret. */
export const endpointWithSecret = endpointView.extend({ secret: z.string() });

export const toEndpointView = (row: EndpointRow, now: Date): z.output<typeof endpointView> => ({
  id: row.id,
  owner: row.owner,
  url: row.url,
  eventTypes: row.event_types,
  description: row.description,
  perSecond: row.per_second,
  policy: row.policy,
  status: row.status,
  disabledReason: row.disabled_reason,
  disabledAt: row.disabled_at,
  health: row.failing_since !== null ? "failing" : row.last_success_at === null ? "unknown" : "healthy",
  failingSince: row.failing_since,
  failedAttempts: row.failure_count,
  lastSuccessAt: row.last_success_at,
  pausedUntil:
    row.paused_until !== null && Date.parse(row.paused_until) > now.getTime() ? row.paused_until : null,
  successRate: row.attempts.total === 0 ? null : row.attempts.succeeded / row.attempts.total,
  attempts: row.attempts.total,
  pending: row.pending,
  oldSecretUntil: row.old_secret_until,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const deliveryView = z.object({
  id: z.uuid(),
  endpointId: z.uuid(),
  /** The `webhook-id`: the same in all attempts, so that the receiver can recognize a repeated message. */
  messageId: z.uuid(),
  event: z.string(),
  url: z.string(),
  status: deliveryRow.shape.status,
  attempts: z.number(),
  nextAttemptAt: z.string().nullable(),
  /** The status of the last answer; null when no answer came. */
  lastStatus: z.number().nullable(),
  /** What went wrong in the last attempt. */
  lastError: z.string().nullable(),
  /** What to do about `lastError` when the address was refused; otherwise null. */
  hint: z.string().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
});
z.globalRegistry.add(deliveryView, { id: "WebhookDelivery" });

const attemptView = z.object({
  number: z.number(),
  at: z.string(),
  durationMs: z.number(),
  url: z.string(),
  /** The headers without the signatures. */
  requestHeaders: attemptRow.shape.request_headers,
  answerStatus: z.number().nullable(),
  answerHeaders: attemptRow.shape.answer_headers,
  /** The first 64 KB of the answer. */
  answerBody: z.string(),
  error: z.string().nullable(),
  nextAttemptAt: z.string().nullable(),
});

/** One delivery with the body that is sent, and its last 50 attempts, newest first. */
export const deliveryDetailsView = deliveryView.extend({ body: z.string(), log: z.array(attemptView) });

export const toDeliveryView = (row: DeliveryRow): z.output<typeof deliveryView> => ({
  id: row.id,
  endpointId: row.endpoint_id,
  messageId: row.message_id,
  event: row.type,
  url: row.url,
  status: row.status,
  attempts: row.attempt_count,
  nextAttemptAt: row.next_at,
  lastStatus: row.answer_status,
  lastError: row.error_code,
  hint: row.error_code === "address_refused" ? meaningOf("address_refused").hint : null,
  createdAt: row.created_at,
  endedAt: row.ended_at,
});

export const toDeliveryDetailsView = (
  row: z.output<typeof deliveryWithAttempts>,
): z.output<typeof deliveryDetailsView> => ({
  ...toDeliveryView(row),
  body: bodyOfMessage({ type: row.type, data: row.data, at: row.message_at }),
  log: row.attempts.map((attempt) => ({
    number: attempt.number,
    at: attempt.at,
    durationMs: attempt.duration_ms,
    url: attempt.url,
    requestHeaders: attempt.request_headers,
    answerStatus: attempt.answer_status,
    answerHeaders: attempt.answer_headers,
    answerBody: attempt.answer_body,
    error: attempt.error_code,
    nextAttemptAt: attempt.next_at,
  })),
});
