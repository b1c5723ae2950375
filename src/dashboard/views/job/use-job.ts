import { useMemo } from "react";
import { useWatch } from "#dashboard/hooks/use-watch.ts";
import type { JobDetails } from "#dashboard/types.ts";

/** One job with its runs and its timeline, as they change. */
export function useJob(id: string): {
  job: JobDetails | undefined;
  problem: ReturnType<typeof useWatch>["problem"];
} {
  const { state, problem } = useWatch(`/api/jobs/${encodeURIComponent(id)}/stream`);
  const found = state?.jobs.get(id);
  const job = useMemo(
    () =>
      found && {
        ...found,
        runs: found.runs ?? [],
        timeline: found.timeline ?? [],
        waitingUntil: found.waitingUntil ?? null,
        lastError: found.lastError ?? null,
        childCount: found.childCount ?? 0,
      },
    [found],
  );
  return { job, problem };
}
