import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useWatch } from "#dashboard/hooks/use-watch.ts";
import type { Lane } from "#dashboard/views/images/lanes.ts";
import type { ImageTask, LaneStats } from "#dashboard/views/images/task.ts";

/**
 * The statistics are polled, because they are about the whole lane, and the stream sends no changes of other owners'
 * tasks.
 */
const STATS_MS = 5000;

/** A lane's tasks as they change: by its stream, or by polling every two seconds where streams are blocked. */
export function useTasks({ name }: Lane) {
  const { state, problem } = useWatch<ImageTask>("/api/queue/stream", { lane: name });
  const stats = useApi<{ lanes: LaneStats[] }>(withQuery("/api/stats", { lane: name }), {
    isNews: ({ job }) => job.function === "generate-image",
    everyMs: STATS_MS,
  });
  return {
    /** Undefined until the first answer. */
    tasks: state?.tasks,
    stats: stats.data?.lanes.find(({ lane }) => lane === name),
    problem: problem ?? stats.problem,
    /** Fetches the statistics. The stream already updates the tasks. */
    refresh: stats.reload,
  };
}
