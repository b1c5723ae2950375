import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { Jobs } from "./accept.ts";
import type { FunctionRepository } from "./function-repository.ts";
import { request } from "./request.ts";
import { accepted, acceptedView } from "./view.ts";

type Dependencies = {
  /** The events that app code may send. */
  events: readonly { name: string; schema: z.ZodType }[];
  functions: Pick<FunctionRepository, "ofEvents">;
  jobs: Pick<Jobs, "accept">;
};

export const eventView = z.object({
  name: z.string(),
  /** The JSON Schema of the event's data. */
  schema: z.record(z.string(), z.json()),
  /** The functions that the event starts. */
  functions: z.array(z.string()),
});
z.globalRegistry.add(eventView, { id: "SendableEvent" });

const sent = acceptedView.extend({ functions: z.array(z.string()) });
const jsonSchema = z.record(z.string(), z.json());

export function eventRoutes({ events, functions, jobs }: Dependencies): Route[] {
  const startedBy = async () =>
    new Map(Object.entries(await functions.ofEvents(events.map(({ name }) => name))));
  // The schema of the named event checks the data.
  const [first, ...rest] = events.map(({ name, schema }) =>
    z.object({ name: z.literal(name), data: schema }),
  );
  if (first === undefined) return [];
  return [
    route({
      method: "GET",
      path: "/api/events",
      policy: "admin",
      summary: "The events that can be sent, each with its schema and the functions that it starts",
      responses: { 200: z.object({ items: z.array(eventView) }) },
      handler: async () => {
        const functionsOf = await startedBy();
        const items = events.flatMap(({ name, schema }) => {
          const started = functionsOf.get(name);
          return started === undefined
            ? []
            : [{ name, schema: jsonSchema.parse(z.toJSONSchema(schema)), functions: started }];
        });
        return json(200, { items });
      },
    }),
    route({
      method: "POST",
      path: "/api/events",
      policy: "admin",
      summary: "Send an event by hand; its data must fit the event's schema",
      body: z.discriminatedUnion("name", [first, ...rest]),
      responses: { 202: sent },
      handler: async ({ body: { name, data }, requester, idempotencyKey: key }) => {
        const event = events.find((one) => one.name === name);
        const started = (await startedBy()).get(name);
        if (event === undefined || started?.[0] === undefined) {
          throw new AppError("invalid_request", `${name} is no event that can be sent`, {
            hint: "GET /api/events lists them.",
          });
        }
        // The job belongs to the first function; the others get their jobs when their runs begin.
        const job = await jobs.accept(request(event, data, { requester, key, functionId: started[0] }));
        return json(202, { ...accepted(`Sent to ${started.join(" and ")}`, job.id), functions: started });
      },
    }),
  ];
}
