/** The queue in the API's own types. */
import type { output } from "zod";
import type { laneStats } from "#images/stats-routes.ts";
import type { taskView } from "#images/task.ts";

export type ImageTask = output<typeof taskView>;
export type LaneStats = output<typeof laneStats>;
