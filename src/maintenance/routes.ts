import { z } from "zod";
import { numberedPageQuery, toPage } from "#lib/http/pages.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { MaintenanceRepository } from "./repository.ts";

type Dependencies = { maintenance: Pick<MaintenanceRepository, "actions" | "busiestUsers"> };

const actionView = z.object({
  id: z.number(),
  at: z.string(),
  /** The API key or the user that acted. */
  actor: z.string(),
  /** The route that was called. */
  action: z.string(),
  /** The parameters of the route's path. */
  target: z.json(),
});
z.globalRegistry.add(actionView, { id: "AdminAction" });
const busyUserView = z.object({
  owner: z.string(),
  jobs: z.number(),
  failedJobs: z.number(),
  lastJobAt: z.string(),
  refreshedAt: z.string(),
});

const MOST_USERS = 100;

export const maintenanceRoutes = ({ maintenance }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/audit-logs",
    policy: "admin",
    summary: "What administrators did in the last 90 days, newest first",
    query: z.object(numberedPageQuery),
    responses: { 200: z.object({ items: z.array(actionView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor } }) =>
      json(
        200,
        toPage(await maintenance.actions(limit, cursor?.id), limit, ({ id }) => ({ id })),
      ),
  }),
  route({
    method: "GET",
    path: "/api/users/busiest",
    policy: "admin",
    summary: "The 100 users with the most jobs of the last seven days, refreshed every five minutes",
    responses: { 200: z.object({ items: z.array(busyUserView) }) },
    handler: async () => {
      const users = await maintenance.busiestUsers(MOST_USERS);
      const items = users.map((user) => ({
        owner: user.owner,
        jobs: user.job_count,
        failedJobs: user.failed_count,
        lastJobAt: user.last_job_at,
        refreshedAt: user.refreshed_at,
      }));
      return json(200, { items });
    },
  }),
];
