import { Problem } from "#client/index.ts";
import type { Submission } from "#dashboard/views/images/submit.ts";

/** What found the line full, and when somebody who comes back finds room. */
export type Refused = { submissions: readonly Submission[]; untilMs: number };

type Sorted = {
  queued: number;
  refused: Refused | null;
  /** The first that went wrong in any other way. */
  failure: { reason: unknown } | null;
};

/** For a refusal that does not say when to come back. */
const SOON_MS = 5000;

/** What became of several submissions: a full line is no failure, it has a time to come back. */
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

/** Nothing that is kept is lost to what is refused next. */
export function withRefused(kept: Refused | null, more: Refused | null): Refused | null {
  if (kept === null || more === null) return kept ?? more;
  return { submissions: [...kept.submissions, ...more.submissions], untilMs: more.untilMs };
}

/** The line is full, or this person has submitted as much as one person may for now. */
const isFull = (reason: unknown): reason is Problem =>
  reason instanceof Problem && (reason.code === "queue_full" || reason.code === "too_many_requests");
