import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

// `api` answers every address under `/api` and /queue/stats, the documents' own address, except those that another door answers, which are excluded here.
export const config: Config = {
  path: ["/api", "/api/*", "/queue/stats"],
  excludedPath: [
    "/api/inngest",
    "/api/health",
    "/api/ready",
    "/api/openapi.json",
    "/api/upload",
    "/api/uploads/*",
    "/api/webhooks/:source",
    "/api/auth-hooks/:hook",
    "/api/queue-task",
    "/api/queue-status",
    "/api/clear-queue",
  ],
};
