import { useEffect, useMemo, useState } from "react";
import type { LiveState } from "#client/index.ts";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { fieldsOf } from "#dashboard/fields.ts";
import { useIsSeen } from "#dashboard/seen.ts";

type Item = { id: string; revision: number };
type Watched<Task extends Item> = {
  /** Undefined until the first answer. */
  state: LiveState<Task> | undefined;
  problem: Problem | undefined;
  /** True while the data still belongs to the previous filter. */
  isStale: boolean;
};

type Latest<Task extends Item> = Omit<Watched<Task>, "isStale"> & { path: string; address: string };

/**
 * Follows a stream of the API while the view is open and visible. Where streams are blocked, the API is polled instead,
 * and the answers go through the same reducer. Follows nothing when `path` is null.
 */
export function useWatch<Task extends Item = Item>(
  path: string | null,
  filter: Record<string, string> = {},
): Watched<Task> {
  const query = JSON.stringify(filter);
  const address = `${path} ${query}`;
  const isSeen = useIsSeen();
  const [latest, setLatest] = useState<Latest<Task>>();

  useEffect(() => {
    if (path === null || !isSeen) return undefined;
    const over = new AbortController();
    api
      .watch<Task>({
        path,
        filter: readFilter(query),
        signal: over.signal,
        onChange(state) {
          if (!over.signal.aborted) setLatest({ path, address, state, problem: undefined });
        },
      })
      .catch((error: unknown) => {
        if (!over.signal.aborted) setLatest({ path, address, state: undefined, problem: problemOf(error) });
      });
    return () => over.abort();
  }, [address, path, query, isSeen]);

  return useMemo(() => {
    const isStale = latest?.address !== address;
    return latest?.path === path ? { ...latest, isStale } : { state: undefined, problem: undefined, isStale };
  }, [latest, address, path]);
}

/** The fields of a filter that have a value. */
function readFilter(query: string): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const [name, value] of fieldsOf(JSON.parse(query)))
    if (typeof value === "string" && value !== "") filter[name] = value;
  return filter;
}
