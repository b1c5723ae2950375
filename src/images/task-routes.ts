import { z } from "zod";
import type { ImageApiRepository } from "#images/api-repository.ts";
import { laneName } from "#images/lanes.ts";
import { promptText, submit } from "#images/submit.ts";
import { taskStatus, taskView, toTaskView } from "#images/task.ts";
import type { CancelJob } from "#jobs/cancel.ts";
import { jobOptions } from "#jobs/request.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  images: Pick<ImageApiRepository, "accept" | "get" | "list">;
  cancelJob: CancelJob;
};

const listQuery = z.object({
  ...pageQuery,
  lane: laneName.optional(),
  status: z.enum([...taskStatus.options, "unfinished"]).optional(),
});

/** The routes for image tasks (S1): submit, list, read and cancel. */
export const taskRoutes = ({ images, cancelJob }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/tasks",
    policy: "user",
    summary: "Ask for a picture; it is drawn when its turn comes",
    body: z.object({
      prompt: promptText,
      lane: laneName.default("tasks"),
      priority: jobOptions.priority,
      deadlineAt: jobOptions.deadlineAt,
    }),
    responses: { 202: taskView },
    handler: async ({ body, requester, idempotencyKey }) => {
      const task = await submit({ images }, requester, body, idempotencyKey);
      return json(202, toTaskView(task), { location: `/api/tasks/${task.id}` });
    },
  }),
  route({
    method: "GET",
    path: "/api/tasks",
    policy: "user",
    summary: "Image tasks, newest first; an administrator sees those of all owners",
    query: listQuery,
    responses: { 200: z.object({ items: z.array(taskView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor, ...filter }, requester }) => {
      const rows = await images.list(ownerOf(requester), filter, limit, cursor);
      const { items, nextCursor } = toPage(rows, limit, (task) => ({ at: task.created_at, id: task.id }));
      return json(200, { items: items.map(toTaskView), nextCursor });
    },
  }),
  route({
    method: "GET",
    path: "/api/tasks/:id",
    policy: "user",
    summary: "One image task: where it stands, and where its picture is",
    params: idParams,
    responses: { 200: taskView },
    handler: async ({ params, requester }) =>
      json(200, toTaskView(await images.get(params.id, ownerOf(requester)))),
  }),
  route({
    method: "DELETE",
    path: "/api/tasks/:id",
    policy: "user",
    summary: "Cancel a task that waits, sleeps until its retry or is being drawn",
    params: idParams,
    responses: { 202: taskView },
    handler: async ({ params, requester }) => {
      const { id, job_id } = await images.get(params.id, ownerOf(requester));
      await cancelJob(job_id, ownerOf(requester), requester.id);
      return json(202, toTaskView(await images.get(id, ownerOf(requester))));
    },
  }),
];
