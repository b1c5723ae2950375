import { useState } from "react";
import { api, problemOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import { type Refused, sortAnswers } from "#dashboard/views/images/refusals.ts";
import { STAGGER_MS, submitStaggered } from "#dashboard/views/images/submit.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";
import type { Priority } from "#lib/priorities.ts";

/** Puts prompts into a lane; those that found the line full are kept for later. */
export function useSubmit(lane: Lane, onQueued: () => void) {
  const [refused, setRefused] = useState<Refused | null>(null);

  const submit = async (prompts: readonly string[], priority: Priority): Promise<boolean> => {
    setRefused(null);
    const answers = await submitStaggered(prompts, STAGGER_MS, async (prompt) => {
      const { id } = await api.post<ImageTask>("/api/tasks", { prompt, priority, lane: lane.name });
      expectOutcome(id, prompt);
    });
    const sorted = sortAnswers(prompts, answers, Date.now());
    setRefused(sorted.refused);
    if (sorted.queued > 0) {
      toast({ tone: "info", text: `Queued: ${whatOf(prompts, sorted.queued)}` });
      onQueued();
    }
    if (sorted.failure === null) return true;
    const { detail, hint } = problemOf(sorted.failure.reason);
    toast({ tone: "bad", text: `${detail} ${hint}`.trim() });
    return false;
  };

  return { submit, refused };
}

function whatOf(prompts: readonly string[], queued: number): string {
  const [only, ...others] = prompts;
  if (others.length === 0) return only ?? "";
  return queued === prompts.length ? `${queued} images` : `${queued} of ${prompts.length} images`;
}
