import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { idParams, json, type Requester, type Route, route } from "#lib/http.ts";
import type { InngestClient } from "#lib/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { pageQuery, toPage } from "#lib/pages.ts";
import { jobCancelRequested } from "./events.ts";
import type { JobRepository } from "./repository.ts";
import { jobStatus } from "./rows.ts";
import { jobDetailsView, jobView, toJobDetailsView, toJobView } from "./view.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "list" | "get" | "cancel">;
  inngest: InngestClient;
  logger: Logger;
};

const time = z.iso.datetime({ offset: true }).optional();
const listQuery = z.object({
  ...pageQuery,
  status: jobStatus.optional(),
  kind: z.string().max(100).optional(),
  function: z.string().max(100).optional(),
  requester: z.string().max(200).optional(),
  parent: z.uuid().optional(),
  from: time,
  to: time,
});

export const jobRoutes = ({ jobs, inngest, logger }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/jobs",
    policy: "app",
    summary: "Jobs, newest first; an administrator sees everybody's",
    query: listQuery,
    responses: { 200: z.object({ items: z.array(jobView), nextCursor: z.string().nullable() }) },
    handler: async ({ query, requester }) => {
      const { limit, cursor, function: functionId, parent: parentJobId, ...filter } = query;
      const rows = await jobs.list(ownerOf(requester), { ...filter, functionId, parentJobId }, limit, cursor);
      const { items, nextCursor } = toPage(rows, limit, (job) => ({ at: job.created_at, id: job.id }));
      return json(200, { items: items.map(toJobView), nextCursor });
    },
  }),
  route({
    method: "GET",
    path: "/api/jobs/:id",
    policy: "app",
    summary: "One job: state, progress, runs, timeline, result or error",
    params: idParams,
    responses: { 200: jobDetailsView },
    handler: async ({ params, requester }) => {
      const details = await jobs.get(params.id, ownerOf(requester));
      if (!details) throw new AppError("not_found", "Job not found");
      return json(200, toJobDetailsView(details));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/jobs/:id",
    policy: "app",
    summary: "Cancel a job: waiting work never begins, running work stops at its next step",
    params: idParams,
    responses: { 202: jobView },
    handler: async ({ params, requester }) => {
      const job = await jobs.cancel(params.id, ownerOf(requester), requester.id);
      // The mark in the ledger is what counts; the event only makes running work stop sooner.
      await inngest
        .send(jobCancelRequested.create({ jobId: job.id }))
        .catch((err: unknown) => logger.warn({ err, jobId: job.id }, "engine not told of a cancel"));
      return json(202, toJobView(job));
    },
  }),
];

const ownerOf = ({ role, owner }: Requester): string | null => (role === "admin" ? null : owner);
