import { z } from "zod";
import type { ImageApiRepository } from "#images/api-repository.ts";
import { laneName } from "#images/lanes.ts";
import { promptText, submit } from "#images/submit.ts";
import { type Task, taskView, toTaskView } from "#images/task.ts";
import type { TellEngine } from "#jobs/cancel.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  images: Pick<ImageApiRepository, "accept" | "show" | "clear">;
  tellEngine: TellEngine;
};

/** How many ended tasks the status shows. */
const ENDED_SHOWN = 100;

const taskIds = z.array(z.uuid());

/** The queue of the source documents (S0): the lane `demo`, which draws six pictures at once. */
export const queueRoutes = ({ images, tellEngine }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/queue-task",
    policy: "user",
    summary: "Put a picture at the end of the demo's queue",
    body: z.object({ prompt: promptText.default("A lighthouse at night") }),
    responses: { 202: z.object({ success: z.literal(true), taskId: z.uuid(), task: taskView }) },
    handler: async ({ body: { prompt }, requester, idempotencyKey }) => {
      const task = await submit({ images }, requester, { prompt, lane: "demo" }, idempotencyKey);
      const body = { success: true, taskId: task.id, task: toTaskView(task) };
      return json(202, body, { location: `/api/tasks/${task.id}` });
    },
  }),
  route({
    method: "GET",
    path: "/api/queue-status",
    policy: "user",
    summary: "The demo's queue: the tasks that wait, are processed, and have ended",
    responses: {
      200: z.object({
        queue: taskIds,
        processing: taskIds,
        completed: taskIds,
        tasks: z.record(z.uuid(), taskView),
      }),
    },
    handler: async ({ requester }) => {
      const tasks = await images.show("demo", ownerOf(requester), ENDED_SHOWN);
      return json(200, {
        ...groupTasks(tasks),
        tasks: Object.fromEntries(tasks.map((task) => [task.id, toTaskView(task)])),
      });
    },
  }),
  route({
    method: "POST",
    path: "/api/clear-queue",
    policy: "admin",
    summary: "Cancel all unfinished tasks of a lane and reset its status",
    body: z.strictObject({ lane: laneName.default("demo") }).prefault({}),
    responses: { 200: z.object({ success: z.literal(true), canceled: z.number() }) },
    handler: async ({ body: { lane }, requester }) => {
      const jobIds = await images.clear(lane, requester.id);
      await tellEngine(jobIds.map((id) => ({ id, event_id: id, function_id: "generate-image" })));
      return json(200, { success: true, canceled: jobIds.length });
    },
  }),
];

/**
 * The tasks in the groups of S0-13, each group in its own order. A task that waits for its retry counts as processing.
 */
export function groupTasks(tasks: readonly Task[]) {
  const ids = (matches: (task: Task) => boolean, order: (task: Task) => number) =>
    tasks
      .filter(matches)
      .toSorted((one, other) => order(one) - order(other))
      .map(({ id }) => id);
  return {
    queue: ids(
      ({ status }) => status === "pending",
      ({ position }) => position ?? 0,
    ),
    processing: ids(
      ({ status }) => status === "processing" || status === "waiting",
      ({ started_no }) => started_no ?? 0,
    ),
    completed: ids(
      ({ status }) => status === "completed",
      ({ ended_at }) => Date.parse(ended_at ?? ""),
    ),
  };
}
