import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

export const config: Config = {
  path: ["/api/health", "/api/ready", "/api/openapi.json"],
  rateLimit: { windowSize: 60, windowLimit: 600, aggregateBy: ["ip", "domain"] },
};
