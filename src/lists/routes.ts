import { z } from "zod";
import { filledText } from "#lib/http/fields.ts";
import { idOfRequest } from "#lib/http/id-of-request.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";
import { type ListRepository, type ListRow, listDetails, subscriberCounts } from "#lists/repository.ts";

const listView = z.object({ id: z.uuid(), name: z.string(), createdAt: z.string() });
z.globalRegistry.add(listView, { id: "List" });
export const countedListView = listView.extend({
  /** How many subscribers have each status; null unless the request has `counts=true`. */
  subscribers: subscriberCounts.nullable(),
});
z.globalRegistry.add(countedListView, { id: "CountedList" });
export const listRoutes = ({ lists }: { lists: ListRepository }): Route[] => [
  route({
    method: "POST",
    path: "/api/lists",
    policy: "app",
    summary: "Make a mailing list",
    body: z.object({ name: filledText(200) }),
    responses: { 201: listView },
    takesKey: true,
    handler: async ({ body, requester, idempotencyKey }) => {
      const id = idOfRequest("list", requester, idempotencyKey);
      return json(201, toListView(await lists.create(id, requester.owner, body.name)));
    },
  }),
  route({
    method: "GET",
    path: "/api/lists",
    policy: "app",
    summary: "Mailing lists, newest first",
    query: z.object({
      ...pageQuery,
      /** Whether to count the subscribers. Counting takes longer for larger lists. */
      counts: z.enum(["true", "false"]).default("false"),
    }),
    responses: { 200: z.object({ items: z.array(countedListView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor, counts }, requester }) => {
      const rows = await lists.list(ownerOf(requester), { limit, counts: counts === "true" }, cursor);
      const page = toPage(rows, limit, (list) => ({ at: list.created_at, id: list.id }));
      const items = page.items.map((row) => ({ ...toListView(row), subscribers: row.subscribers }));
      return json(200, { ...page, items });
    },
  }),
  route({
    method: "GET",
    path: "/api/lists/:id",
    policy: "app",
    summary: "One list, and how many subscribers of each status it has",
    params: idParams,
    responses: { 200: listDetails },
    handler: async ({ params, requester }) => json(200, await lists.get(params.id, ownerOf(requester))),
  }),
  route({
    method: "DELETE",
    path: "/api/lists/:id",
    policy: "app",
    summary: "Delete a list with its subscribers; one that campaigns went to stays (409)",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async ({ params, requester }) => {
      await lists.remove(params.id, ownerOf(requester));
      return json(204, undefined);
    },
  }),
];

const toListView = ({ id, name, created_at: createdAt }: ListRow) => ({ id, name, createdAt });
