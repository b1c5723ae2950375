import { z } from "zod";
import { streamPosition } from "#lib/http/fields.ts";
import { pageQuery } from "#lib/http/pages.ts";
import { idParams, type Route, route } from "#lib/http/route.ts";
import { filterQuery, toFilter } from "./filter.ts";
import type { Streams } from "./stream.ts";
import { jobsThatFit, oneJob } from "./stream-subjects.ts";
import type { TailRepository } from "./tail-repository.ts";

type Dependencies = { live: TailRepository; streams: Streams };

/** The answer of every stream: the messages as JSON for clients that poll, or server-sent events. */
export const streamAnswer = {
  answers: ["text/event-stream", "application/json"],
  responses: {
    200: z.object({
      messages: z.array(z.object({ event: z.string(), data: z.unknown(), id: z.string().optional() })),
    }),
  },
  ticket: true,
};

/**
 * Where to continue: the id of the last message that the client received. The header `Last-Event-ID` means the same.
 */
export const streamQuery = { after: streamPosition.optional() };

export const streamRoutes = ({ live, streams }: Dependencies): Route[] => [
  route({
    ...streamAnswer,
    method: "GET",
    path: "/api/jobs/stream",
    policy: "user",
    summary: "Jobs live: snapshot, then changes and progress; ends by itself, go on after the last id",
    query: z.object({ ...streamQuery, cursor: pageQuery.cursor, ...filterQuery }),
    handler: async ({ query: { after, cursor, ...query }, requester, request }) =>
      streams.answer(jobsThatFit(toFilter(query), live, cursor), { after, requester, request }),
  }),
  route({
    ...streamAnswer,
    method: "GET",
    path: "/api/jobs/:id/stream",
    policy: "user",
    summary: "One job live, with its runs and timeline",
    params: idParams,
    query: z.object(streamQuery),
    handler: async ({ params, query: { after }, requester, request }) =>
      streams.answer(oneJob(params.id, live), { after, requester, request }),
  }),
];
