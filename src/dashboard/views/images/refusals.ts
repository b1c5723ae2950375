import { Problem } from "#client/index.ts";

/** Prompts that found the line full, and when somebody who comes back finds room. */
export type Refused = { prompts: readonly string[]; untilMs: number };

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
  prompts: readonly string[],
  answers: readonly PromiseSettledResult<unknown>[],
  nowMs: number,
): Sorted {
  const refused: string[] = [];
  let waitMs = 0;
  let failure: Sorted["failure"] = null;
  for (const [n, answer] of answers.entries()) {
    if (answer.status === "fulfilled") continue;
    const reason: unknown = answer.reason;
    if (isFull(reason)) {
      refused.push(prompts[n] ?? "");
      waitMs = Math.max(waitMs, reason.retryAfterMs ?? SOON_MS);
    } else failure ??= { reason };
  }
  return {
    queued: answers.filter(({ status }) => status === "fulfilled").length,
    refused: refused.length === 0 ? null : { prompts: refused, untilMs: nowMs + waitMs },
    failure,
  };
}

/** The line is full, or this person has submitted as much as one person may for now. */
const isFull = (reason: unknown): reason is Problem =>
  reason instanceof Problem && (reason.code === "queue_full" || reason.code === "too_many_requests");
