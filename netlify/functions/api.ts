import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

// `api` answers every address under `/api`, and /queue/stats, which the source documents name. Addresses of other doors
// are excluded here.
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
