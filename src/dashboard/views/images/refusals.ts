import { Problem, problemOf } from "#dashboard/api.ts";

/** Prompts that found the line full, and when somebody who comes back finds room. */
export type Refused = { prompts: readonly string[]; untilMs: number };

type Sorted = { queued: number; refused: Refused | null; problem: Problem | null };

const SOON_MS = 5000;

/** What became of several submissions: a full line is no failure, it has a time to come back. */
export function sortAnswers(
  prompts: readonly string[],
  answers: readonly PromiseSettledResult<unknown>[],
  nowMs: number,
): Sorted {
  const refused: string[] = [];
  let waitMs = 0;
  let problem: Problem | null = null;
  for (const [n, answer] of answers.entries()) {
    if (answer.status === "fulfilled") continue;
    const reason: unknown = answer.reason;
    if (isFull(reason)) {
      refused.push(prompts[n] ?? "");
      waitMs = Math.max(waitMs, reason.retryAfterMs ?? SOON_MS);
    } else {
      problem ??= problemOf(reason);
    }
  }
  const queued = answers.filter(({ status }) => status === "fulfilled").length;
  return {
    queued,
    refused: refused.length === 0 ? null : { prompts: refused, untilMs: nowMs + waitMs },
    problem,
  };
}

/** The line is full, or this person has submitted as much as one person may for now. */
const isFull = (reason: unknown): reason is Problem =>
  reason instanceof Problem && (reason.code === "queue_full" || reason.code === "too_many_requests");
