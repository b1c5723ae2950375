import { useState } from "react";
import { api, problemOf, sentencesOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { brief } from "#dashboard/format.ts";
import { idOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import { type Refused, sortAnswers, withRefused } from "#dashboard/views/images/refusals.ts";
import { STAGGER_MS, type Submission, submitStaggered } from "#dashboard/views/images/submit.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

/** Submits prompts to a lane. Prompts that are refused because the queue is full are kept for later. */
export function useSubmit(lane: Lane, onQueued: () => void) {
  const [refused, setRefused] = useState<Refused | null>(null);

  /** Returns false when a submission was neither accepted nor kept for later. */
  const submit = async (submissions: readonly Submission[]): Promise<boolean> => {
    const answers = await submitStaggered(submissions, STAGGER_MS, async ({ prompt, priority }) => {
      const { jobUrl } = await api.post<ImageTask>("/api/tasks", { prompt, priority, lane: lane.name });
      expectOutcome(idOf(jobUrl), brief(prompt));
    });
    const sorted = sortAnswers(submissions, answers, Date.now());
    setRefused((kept) => withRefused(kept, sorted.refused));
    if (sorted.queued > 0) {
      toast({ tone: "info", text: `Queued: ${whatOf(submissions, sorted.queued)}` });
      onQueued();
    }
    if (sorted.failure === null) return true;
    toast({ tone: "bad", text: sentencesOf(problemOf(sorted.failure.reason)) });
    return false;
  };

  const submitRefused = (): void => {
    setRefused(null);
    if (refused !== null) void submit(refused.submissions);
  };

  return { submit, refused, submitRefused };
}

function whatOf([first, ...others]: readonly Submission[], queued: number): string {
  const all = others.length + 1;
  if (all === 1) return brief(first?.prompt ?? "");
  return queued === all ? `${queued} images` : `${queued} of ${all} images`;
}
