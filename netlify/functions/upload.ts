import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

export const config: Config = {
  path: ["/api/upload", "/api/uploads/*"],
  rateLimit: { windowSize: 60, windowLimit: 300, aggregateBy: ["ip", "domain"] },
};
