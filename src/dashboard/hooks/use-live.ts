import { useMemo } from "react";
import { type ApiState, useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Job, PageOf } from "#dashboard/types.ts";

const EVERY_MS = 2000;

/** Jobs as they change, newest first. */
export function useLive(filter: Record<string, string | null>): Omit<ApiState<PageOf<Job>>, "data"> & {
  jobs: readonly Job[] | undefined;
  nextCursor: string | null;
} {
  const { data, ...rest } = useApi<PageOf<Job>>(withQuery("/api/jobs", { ...filter, limit: "50" }), {
    everyMs: EVERY_MS,
  });
  return useMemo(() => ({ ...rest, jobs: data?.items, nextCursor: data?.nextCursor ?? null }), [data, rest]);
}
