import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("inngest");

export const config: Config = { path: "/api/inngest", method: ["GET", "POST", "PUT"] };
