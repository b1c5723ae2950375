import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("housekeeping");

export const config: Config = { schedule: "*/5 * * * *" };
