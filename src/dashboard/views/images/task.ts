/** The types of the image queue, taken from the schemas of the API. */
import type { output } from "zod";
import type { laneStats } from "#images/stats-routes.ts";
import type { taskView } from "#images/task.ts";

export type ImageTask = output<typeof taskView>;
export type LaneStats = output<typeof laneStats>;
