import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { text } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { activity, activityDetails, type FunctionRepository } from "./function-repository.ts";

type Dependencies = { functions: FunctionRepository };

export const functionView = activity;
z.globalRegistry.add(functionView, { id: "Function" });
export const functionDetailsView = activityDetails;
z.globalRegistry.add(functionDetailsView, { id: "FunctionDetails" });

const params = z.object({ id: text(100).regex(/^[a-z0-9][a-z0-9-]*$/) });
/** How many waiting jobs are held by the pause, or released by its end. */
const changed = z.object({ jobs: z.number() });

export const functionRoutes = ({ functions }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/functions",
    policy: "admin",
    summary: "What each function does, its results of the last hour and day, and how many of its jobs wait",
    responses: { 200: z.object({ items: z.array(functionView) }) },
    handler: async () => json(200, { items: await functions.list() }),
  }),
  route({
    method: "GET",
    path: "/api/functions/:id",
    policy: "admin",
    summary: "One function, with what ended in each of the last 24 hours",
    params,
    responses: { 200: functionDetailsView },
    handler: async ({ params: { id } }) => {
      const found = await functions.get(id);
      if (found === null) throw new AppError("not_found", "There is no such function");
      return json(200, found);
    },
  }),
  route({
    method: "POST",
    path: "/api/functions/:id/pause",
    policy: "admin",
    summary: "Hold the function's new jobs until it is resumed; jobs that the engine has are finished",
    params,
    responses: { 200: changed },
    handler: async ({ params: { id }, requester }) =>
      json(200, { jobs: await functions.pause(id, requester.id) }),
  }),
  route({
    method: "POST",
    path: "/api/functions/:id/resume",
    policy: "admin",
    summary: "End the function's pause: its waiting jobs go to the engine",
    params,
    responses: { 200: changed },
    handler: async ({ params: { id } }) => json(200, { jobs: await functions.resume(id) }),
  }),
];
