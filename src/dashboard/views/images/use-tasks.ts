import { useEffect } from "react";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useWatch } from "#dashboard/hooks/use-watch.ts";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import type { ImageTask, LaneStats } from "#dashboard/views/images/task.ts";
import { noticed } from "#dashboard/views/outcomes/watch.ts";

const STATS_MS = 2000;

/** A lane's tasks as they change: by its stream, or asked for every two seconds where streams do not get through. */
export function useTasks({ name }: Lane) {
  const { state, problem } = useWatch<ImageTask>("/api/queue/stream", { lane: name });
  const stats = useApi<{ lanes: LaneStats[] }>(withQuery("/api/stats", { lane: name }), {
    everyMs: STATS_MS,
  });
  useEffect(() => {
    if (state !== undefined) noticed(state.tasks.values());
  }, [state]);
  return {
    tasks: state?.tasks.values() ?? [],
    stats: stats.data?.lanes.find(({ lane }) => lane === name),
    problem: problem ?? stats.problem,
    isLoading: state === undefined && problem === undefined,
    /** The stream tells of tasks by itself; the figures are asked for. */
    refresh: stats.reload,
  };
}
