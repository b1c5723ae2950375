import { z } from "zod";
import { type HistoryRepository, subscriberHistory } from "#campaigns/history-repository.ts";
import { rowNumber, uuid } from "#lib/http/fields.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";

export const historyRoutes = ({ history }: { history: HistoryRepository }): Route[] => [
  route({
    method: "GET",
    path: "/api/lists/:id/subscribers/:subscriberId/history",
    policy: "app",
    summary: "One subscriber's mails, bounces and suppressions, at most 50 of each",
    params: z.object({ id: uuid, subscriberId: rowNumber }),
    responses: { 200: subscriberHistory },
    handler: async ({ params, requester }) =>
      json(200, await history.of(params.id, ownerOf(requester), params.subscriberId)),
  }),
];
