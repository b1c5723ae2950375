import { useEffect, useMemo, useState } from "react";
import type { LiveState, WatchOptions } from "#client/index.ts";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { openStream } from "#dashboard/connection.ts";
import { fieldsOf } from "#dashboard/fields.ts";
import { tellOfJobs } from "#dashboard/live.ts";

type Item = { id: string; revision: number };
type Watched<Task extends Item> = {
  /** Undefined until the first answer. */
  state: LiveState<Task> | undefined;
  problem: Problem | undefined;
  /** What is shown belongs to the filter before this one. */
  isStale: boolean;
};

type Seen<Task extends Item> = Omit<Watched<Task>, "isStale"> & { path: string; address: string };

/** Follows a stream of the API while the view is open; where streams do not get through it polls, by the same reducer. */
export function useWatch<Task extends Item = Item>(
  path: string,
  filter: Record<string, string> = {},
): Watched<Task> {
  const query = JSON.stringify(filter);
  const address = `${path} ${query}`;
  const [seen, setSeen] = useState<Seen<Task>>();

  useEffect(() => {
    const over = new AbortController();
    const stream = openStream();
    const options: WatchOptions<Task> = {
      path,
      filter: readFilter(query),
      signal: over.signal,
      onStatus: stream.report,
      onChange(state) {
        if (over.signal.aborted) return;
        tellOfJobs(state);
        setSeen({ path, address, state, problem: undefined });
      },
    };
    api.watch<Task>(options).catch((error: unknown) => {
      if (!over.signal.aborted) setSeen({ path, address, state: undefined, problem: problemOf(error) });
    });
    return () => {
      over.abort();
      stream.close();
    };
  }, [address, path, query]);

  return useMemo(() => {
    const isStale = seen?.address !== address;
    return seen?.path === path ? { ...seen, isStale } : { state: undefined, problem: undefined, isStale };
  }, [seen, address, path]);
}

/** What is filled in. */
function readFilter(query: string): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const [name, value] of fieldsOf(JSON.parse(query)))
    if (typeof value === "string" && value !== "") filter[name] = value;
  return filter;
}
