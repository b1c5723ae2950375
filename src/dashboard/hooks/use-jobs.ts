import { useCallback, useMemo, useState } from "react";
import type { Job } from "#client/index.ts";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useWatch } from "#dashboard/hooks/use-watch.ts";
import type { PageOf } from "#dashboard/types.ts";

type Filter = Record<string, string>;
type Jobs = {
  /** Newest first; undefined until the first answer. */
  jobs: readonly Job[] | undefined;
  problem: Problem | undefined;
  isStale: boolean;
  /** Fetches what is older than the last one shown; undefined when there is nothing. */
  older: (() => Promise<void>) | undefined;
};

/** As many as the stream's snapshot holds: with fewer there is nothing older. */
const SNAPSHOT = 500;
const PAGE = 100;

/** Jobs as they change. The stream keeps the newest; what is older is fetched when somebody asks for it. */
export function useJobs(filter: Filter): Jobs {
  const { state, problem, isStale } = useWatch("/api/jobs/stream", filter);
  const address = withQuery("/api/jobs", { ...filter, limit: String(PAGE) });
  const [past, setPast] = useState<{ address: string; jobs: Job[]; isAll: boolean }>();
  const known = past?.address === address ? past : undefined;

  const jobs = useMemo(() => {
    if (state === undefined) return undefined;
    const all = new Map((known?.jobs ?? []).map((job) => [job.id, job]));
    for (const job of state.jobs.values()) all.set(job.id, job);
    return [...all.values()].toSorted(newestFirst);
  }, [state, known]);

  const last = jobs?.at(-1);
  const older = useCallback(async () => {
    if (last === undefined) return;
    // Those of the same millisecond come again, and are known by their ids.
    const before = new Date(Date.parse(last.createdAt) + 1).toISOString();
    try {
      const { items, nextCursor } = await api.get<PageOf<Job>>(`${address}&to=${before}`);
      setPast({ address, jobs: [...(known?.jobs ?? []), ...items], isAll: nextCursor === null });
    } catch (error) {
      throw problemOf(error);
    }
  }, [address, known, last]);

  const hasOlder = known === undefined ? (state?.jobs.size ?? 0) >= SNAPSHOT : !known.isAll;
  return { jobs, problem, isStale, older: hasOlder ? older : undefined };
}

const newestFirst = (a: Job, b: Job): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);
