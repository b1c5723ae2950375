import { z } from "zod";
import type { ImageApiRepository } from "#images/api-repository.ts";
import { type LaneName, laneName } from "#images/lanes.ts";
import { toTaskView } from "#images/task.ts";
import type { Streams } from "#jobs/stream.ts";
import type { Subject } from "#jobs/stream-events.ts";
import { streamAnswer, streamQuery } from "#jobs/stream-routes.ts";
import type { ServerEvent } from "#lib/http/event-stream.ts";
import { type Route, route } from "#lib/http/route.ts";

type Dependencies = { images: Pick<ImageApiRepository, "live" | "ofJobs">; streams: Streams };

/** S1-15: follows the tasks of one lane (or of all). A task changes only with an event of its job. */
export function queueStreamRoutes({ images, streams }: Dependencies): Route[] {
  /** All listeners use the same function, so that it is called once per batch of changed jobs. */
  const present: Subject["present"] = async (jobs) => {
    const jobIds = jobs.filter(({ job }) => job.function_id === "generate-image").map(({ job }) => job.id);
    const tasks = jobIds.length === 0 ? [] : await images.ofJobs(jobIds);
    return new Map(tasks.map((task) => [task.job_id, { event: "task", data: toTaskView(task) }]));
  };

  const tasksOf = (lane: LaneName | undefined): Subject => ({
    resumes: true,
    present,
    place: (_job, event) => (event !== undefined && isIn(lane, event) ? "in" : "out"),
    async snapshot({ owner }) {
      const { position, tasks } = await images.live(owner, lane);
      const data = { tasks: tasks.map(toTaskView) };
      return { position, events: [{ event: "snapshot", data }] };
    },
  });

  return [
    route({
      ...streamAnswer,
      method: "GET",
      path: "/api/queue/stream",
      policy: "user",
      summary: "Image tasks live: snapshot, then each change; ends by itself, go on after the last id",
      query: z.object({ ...streamQuery, lane: laneName.optional() }),
      handler: async ({ query: { after, lane }, requester, request }) =>
        streams.answer(tasksOf(lane), { after, requester, request }),
    }),
  ];
}

const inLane = z.object({ lane: laneName });

const isIn = (lane: LaneName | undefined, { data }: ServerEvent): boolean =>
  lane === undefined || inLane.safeParse(data).data?.lane === lane;
