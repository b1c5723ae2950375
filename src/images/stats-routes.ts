import { z } from "zod";
import type { ImageApiRepository, LaneCounts } from "#images/api-repository.ts";
import { LANES, type Lane, laneName } from "#images/lanes.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";

const WINDOW_MS = 24 * 60 * 60_000;

export const laneStats = z.object({
  lane: laneName,
  atOnce: z.number(),
  capacity: z.number(),
  waiting: z.number(),
  processing: z.number(),
  retrying: z.number(),
  completed: z.number(),
  failed: z.number(),
  canceled: z.number(),
  /** The numbers of ended tasks that the caller may see. */
  visible: z.object({ completed: z.number(), failed: z.number(), canceled: z.number() }),
  /** The share of completed tasks among the completed and failed ones, 0 to 1; null when there are none. */
  successRate: z.number().nullable(),
  /** The time from start to completion, including retries. */
  averageMs: z.number().nullable(),
  /** Whether the caller may clear the lane: `POST /api/clear-queue`. */
  canClear: z.boolean(),
});
z.globalRegistry.add(laneStats, { id: "LaneStats" });

/** S1-14, S1-27: statistics of all owners' tasks, which do not show single tasks. */
export const statsRoutes = ({ images }: { images: Pick<ImageApiRepository, "stats"> }): Route[] => [
  route({
    method: "GET",
    path: "/api/stats",
    policy: "user",
    summary: "The lanes in numbers: now, and what ended in the last 24 hours",
    query: z.object({ lane: laneName.optional() }),
    responses: { 200: z.object({ lanes: z.array(laneStats) }) },
    handler: async ({ query: { lane: wanted }, requester }) => {
      const counts = await images.stats(WINDOW_MS, ownerOf(requester));
      const lanes = Object.values(LANES).filter(({ lane }) => wanted === undefined || lane === wanted);
      const canClear = requester.role === "admin";
      return json(200, { lanes: lanes.map((lane) => ({ ...toStats(lane, counts), canClear })) });
    },
  }),
];

const EMPTY = {
  waiting: 0,
  processing: 0,
  retrying: 0,
  completed: 0,
  failed: 0,
  canceled: 0,
  average_ms: null,
  visible_completed: 0,
  visible_failed: 0,
  visible_canceled: 0,
};

function toStats({ atOnce, capacity, ...named }: Lane, counts: readonly LaneCounts[]) {
  const { average_ms, visible_completed, visible_failed, visible_canceled, ...numbers } =
    counts.find(({ lane }) => lane === named.lane) ?? EMPTY;
  const drawn = numbers.completed + numbers.failed;
  return {
    ...named,
    atOnce,
    capacity,
    ...numbers,
    visible: { completed: visible_completed, failed: visible_failed, canceled: visible_canceled },
    successRate: drawn === 0 ? null : numbers.completed / drawn,
    averageMs: average_ms === null ? null : Math.round(average_ms),
  };
}
