import { Problem } from "#client/index.ts";
import type { Submission } from "#dashboard/views/images/submit.ts";

/** The submissions that were refused because the queue was full, and when to submit them again. */
export type Refused = { submissions: readonly Submission[]; untilMs: number };

type Sorted = {
  queued: number;
  refused: Refused | null;
  /** The first failure whose reason is not a full queue or a limit for submissions. */
  failure: { reason: unknown } | null;
};

/** The wait after a refusal that contains no time. */
const SOON_MS = 5000;

/**
 * Sorts the answers to several submissions. A full queue is no failure, because the answer says when to submit again.
 */
export function sortAnswers(
  submissions: readonly Submission[],
  answers: readonly PromiseSettledResult<unknown>[],
  nowMs: number,
): Sorted {
  const refused: Submission[] = [];
  let waitMs = 0;
  let failure: Sorted["failure"] = null;
  for (const [n, submission] of submissions.entries()) {
    const answer = answers[n];
    if (answer?.status !== "rejected") continue;
    const reason: unknown = answer.reason;
    if (isFull(reason)) {
      refused.push(submission);
      waitMs = Math.max(waitMs, reason.retryAfterMs ?? SOON_MS);
    } else failure ??= { reason };
  }
  return {
    queued: answers.filter(({ status }) => status === "fulfilled").length,
    refused: refused.length === 0 ? null : { submissions: refused, untilMs: nowMs + waitMs },
    failure,
  };
}

/** Adds new refusals to earlier ones, and keeps all of them. */
export function withRefused(kept: Refused | null, more: Refused | null): Refused | null {
  if (kept === null || more === null) return kept ?? more;
  return { submissions: [...kept.submissions, ...more.submissions], untilMs: more.untilMs };
}

/** The queue is full, or this owner has reached the limit for submissions. */
const isFull = (reason: unknown): reason is Problem =>
  reason instanceof Problem && (reason.code === "queue_full" || reason.code === "too_many_requests");
