import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

export const config: Config = {
  path: "/api/clear-queue",
};
