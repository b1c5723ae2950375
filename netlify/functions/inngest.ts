import type { Config } from "@netlify/functions";
import { door } from "#app.ts";
import { allFunctions } from "#functions.ts";

export default door("inngest", allFunctions);

export const config: Config = { path: "/api/inngest" };
