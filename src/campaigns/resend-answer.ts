import { z } from "zod";
import type { BatchAnswer, MailResult } from "#campaigns/mailer.ts";
import { AppError } from "#lib/errors.ts";

/** `POST /emails/batch`, permissive: ids of what was taken, in order, and the places of what was not. */
const taken = z.object({
  data: z.array(z.object({ id: z.string() })),
  errors: z.array(z.object({ index: z.int(), message: z.string() })).default([]),
});
/** Resend's error body; `name` is its stable code. */
const refusal = z.object({ name: z.string(), message: z.string() }).partial();

const DEFAULT_PAUSE_MS = 1_000;

/** What an answer of Resend means for a batch of `count` mails. */
export function readBatchAnswer(status: number, body: unknown, retryAfter: string | null, count: number): BatchAnswer {
  if (status >= 200 && status < 300) {
    const parsed = taken.safeParse(body);
    const results = parsed.success ? toResults(parsed.data, count) : undefined;
    return results
      ? { kind: "taken", results }
      : unknown("provider_unavailable", `Resend answered ${status} with a body that says nothing about ${count} mails`);
  }
  const { name = "", message = "" } = refusal.safeParse(body).data ?? {};
  const said = `Resend answered ${status} ${name}: ${message}`;
  if (status === 429) {
    return refused(new AppError("provider_rate_limited", said, { retryAfterMs: readRetryAfter(retryAfter) }));
  }
  if (status === 401 || status === 403) return refused(new AppError("provider_unauthorized", said));
  // Our own earlier request under this key is still being worked on: what becomes of it nobody knows yet.
  if (status === 409 && name === "concurrent_idempotent_requests") return unknown("provider_unavailable", said);
  if (status === 409) return refused(new AppError("provider_conflict", said));
  // 422 is about the mails, and splitting the batch finds the bad one. Other 4xx are about the request.
  if (status === 413 || status === 422) return refused(new AppError("invalid_recipient", said));
  if (status === 408 || status >= 500) return unknown("provider_unavailable", said);
  return refused(new AppError("provider_rejected", said));
}

/** Undefined when the answer does not account for every mail. */
function toResults({ data, errors }: z.output<typeof taken>, count: number): MailResult[] | undefined {
  if (data.length + errors.length !== count) return undefined;
  const reasons = new Map(errors.map(({ index, message }) => [index, message]));
  const ids = data.values();
  const results: MailResult[] = [];
  for (let index = 0; index < count; index++) {
    const reason = reasons.get(index);
    const id = reason === undefined ? ids.next().value?.id : undefined;
    if (reason !== undefined) results.push({ reason });
    else if (id !== undefined) results.push({ messageId: id });
    else return undefined;
  }
  return results;
}

function readRetryAfter(header: string | null): number {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_PAUSE_MS;
}

const refused = (error: AppError): BatchAnswer => ({ kind: "refused", error });
const unknown = (code: "provider_unavailable" | "provider_timeout", message: string): BatchAnswer => ({
  kind: "unknown",
  error: new AppError(code, message),
});
