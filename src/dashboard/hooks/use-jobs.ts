import { useMemo } from "react";
import type { Job } from "#client/index.ts";
import type { Problem } from "#dashboard/api.ts";
import { useWatch } from "#dashboard/hooks/use-watch.ts";
import { useLive } from "#dashboard/live.ts";
import { byText } from "#dashboard/order.ts";

type Jobs = {
  /** Newest first; undefined until the first answer. */
  jobs: readonly Job[] | undefined;
  problem: Problem | undefined;
  /** True while the data still belongs to the previous filter. */
  isStale: boolean;
};

/** The matching jobs as they change: all of the newest 100, and some older jobs. */
export function useJobs(filter: Record<string, string> = {}): Jobs {
  const isFiltered = Object.keys(filter).length > 0;
  const all = useLive();
  const { state, problem, isStale } = useWatch(isFiltered ? "/api/jobs/stream" : null, filter);
  const jobs = isFiltered ? (state?.jobs ?? all.jobs) : all.jobs;
  const sorted = useMemo(() => jobs && [...jobs.values()].toSorted(newestFirst), [jobs]);
  if (!isFiltered) return { jobs: sorted, problem: all.problem, isStale: false };
  return { jobs: problem ? undefined : sorted, problem, isStale };
}

const newestFirst = (a: Job, b: Job): number => byText(b.createdAt, a.createdAt) || byText(b.id, a.id);
