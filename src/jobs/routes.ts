import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Requester, type Route, route } from "#lib/http/route.ts";
import type { CancelJob } from "./cancel.ts";
import { filterQuery, toFilter } from "./filter.ts";
import type { JobRepository } from "./repository.ts";
import { jobSummary } from "./rows.ts";
import { jobStatsView, toJobStatsView } from "./stats.ts";
import { jobDetailsView, jobView, toJobDetailsView, toJobView } from "./view.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "list" | "get" | "stats" | "summarize">;
  cancelJob: CancelJob;
};

/** Matching jobs are counted up to this number. */
const MOST_COUNTED = 10_000;
/** When more jobs were accepted, begun or ended in an hour, the statistics cover fewer minutes. */
const MOST_IN_STATS = 20_000;
/** `isMore`: more than `total` jobs match. */
export const jobSummaryView = jobSummary.extend({ isMore: z.boolean() });
z.globalRegistry.add(jobSummaryView, { id: "JobSummary" });

export const jobRoutes = ({ jobs, cancelJob }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/jobs",
    policy: "user",
    summary: "Jobs, newest first; an administrator sees those of all owners",
    query: z.object({ ...pageQuery, ...filterQuery }),
    responses: { 200: z.object({ items: z.array(jobView), nextCursor: z.string().nullable() }) },
    handler: async ({ query, requester }) => {
      const { limit, cursor, ...filter } = query;
      const rows = await jobs.list(ownerOf(requester), toFilter(filter), limit, cursor);
      const { items, nextCursor } = toPage(rows, limit, (job) => ({ at: job.created_at, id: job.id }));
      return json(200, { items: items.map(toJobView), nextCursor });
    },
  }),
  route({
    method: "GET",
    path: "/api/jobs/stats",
    policy: "user",
    summary:
      "Classes of work and their promises, and the last sixty minutes, or fewer if these have more than 20,000 jobs; an administrator sees the jobs of all owners",
    responses: { 200: jobStatsView },
    handler: async ({ requester }) =>
      json(200, toJobStatsView(await jobs.stats(ownerOf(requester), MOST_IN_STATS))),
  }),
  route({
    method: "GET",
    path: "/api/jobs/summary",
    policy: "user",
    summary:
      "How many jobs match a filter, and the kinds, functions and requesters of the newest 10,000 jobs",
    query: z.object(filterQuery),
    responses: { 200: jobSummaryView },
    handler: async ({ query, requester }) => {
      const summary = await jobs.summarize(ownerOf(requester), toFilter(query), MOST_COUNTED);
      const isMore = summary.total !== null && summary.total > MOST_COUNTED;
      return json(200, { ...summary, total: isMore ? MOST_COUNTED : summary.total, isMore });
    },
  }),
  route({
    method: "GET",
    path: "/api/jobs/:id",
    policy: "user",
    summary: "One job: state, progress, runs, timeline, result or error",
    params: idParams,
    responses: { 200: jobDetailsView },
    handler: async ({ params, requester }) => json(200, await details(jobs, params.id, requester)),
  }),
  route({
    method: "DELETE",
    path: "/api/jobs/:id",
    policy: "user",
    summary: "Cancel a job: waiting work never begins, running work stops at its next step",
    params: idParams,
    responses: { 202: jobDetailsView },
    handler: async ({ params, requester }) => {
      await cancelJob(params.id, ownerOf(requester), requester.id);
      return json(202, await details(jobs, params.id, requester));
    },
  }),
];

async function details({ get }: Pick<JobRepository, "get">, id: string, requester: Requester) {
  const found = await get(id, ownerOf(requester));
  if (!found) throw new AppError("not_found", "Job not found");
  return toJobDetailsView(found);
}
