import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

type Who = "ann" | "bob" | "admin";
const remove = async (path: string, as: Who = "ann") => (await site.call("DELETE", path, { as })).status;
const get = (path: string) => site.call("GET", path, { as: "ann" });

async function listOf(...emails: string[]): Promise<string> {
  const { body } = await site.call("POST", "/api/lists", { as: "ann", body: { name: "list" } });
  const subscribers = emails.map((email) => ({ email, name: "Somebody" }));
  await site.call("POST", `/api/lists/${body.id}/subscribers`, { as: "ann", body: subscribers });
  return body.id;
}

const draftFor = async (listId: string): Promise<string> => {
  const body = { listId, subject: "s", text: "t", from: "a@example.com" };
  return (await site.call("POST", "/api/campaigns", { as: "ann", body })).body.id;
};

test("204: a list is deleted with its subscribers; 404: for another owner, and after the deletion", async () => {
  const id = await listOf("a@example.com", "b@example.com");
  expect(await remove(`/api/lists/${id}`, "bob")).toBe(404);
  expect(await remove(`/api/lists/${id}`)).toBe(204);
  expect(await remove(`/api/lists/${id}`)).toBe(404);
  const { rows } = await database.sql.query("select from email_subscribers where list_id = $1", [id]);
  expect(rows).toHaveLength(0);
});

test("409: a list that a campaign refers to is not deleted", async () => {
  const id = await listOf("a@example.com");
  const campaignId = await draftFor(id);
  expect(await remove(`/api/lists/${id}`)).toBe(409);
  expect((await get(`/api/lists/${id}`)).body.subscribers.active).toBe(1);
  expect(await remove(`/api/campaigns/${campaignId}`)).toBe(204);
  expect(await remove(`/api/lists/${id}`)).toBe(204);
});

test("204: a subscriber's address and fields are erased; no route shows the row, and the address can be added again", async () => {
  const id = await listOf("gone@example.com", "stays@example.com");
  const [{ id: gone }] = (await get(`/api/lists/${id}/subscribers`)).body.items;
  const path = `/api/lists/${id}/subscribers/${gone}`;
  expect(await remove(path, "bob")).toBe(404);
  expect(await remove(path)).toBe(204);
  expect(await remove(path)).toBe(404);
  expect((await site.call("PATCH", path, { as: "ann", body: { status: "active" } })).status).toBe(404);

  const { rows } = await database.sql.query("select * from email_subscribers where id = $1", [gone]);
  expect(JSON.stringify(rows)).not.toMatch(/gone|Somebody/);
  expect((await get(`/api/lists/${id}/subscribers`)).body.items).toMatchObject([
    { email: "stays@example.com" },
  ]);
  expect((await get(`/api/lists/${id}`)).body.subscribers).toEqual({
    active: 1,
    unsubscribed: 0,
    bounced: 0,
    complained: 0,
    suppressed: 0,
  });
  const again = [{ email: "gone@example.com" }];
  const upload = await site.call("POST", `/api/lists/${id}/subscribers`, { as: "ann", body: again });
  expect(upload.body).toMatchObject({ created: 1 });
});

test("204: a draft is deleted; 409: a queued campaign is not; 404: for another owner and an unknown id", async () => {
  const listId = await listOf("a@example.com");
  const [draft, queued] = [await draftFor(listId), await draftFor(listId)];
  await site.call("POST", `/api/campaigns/${queued}/send`, { as: "ann" });
  expect(await remove(`/api/campaigns/${draft}`, "bob")).toBe(404);
  expect(await remove(`/api/campaigns/${draft}`)).toBe(204);
  expect((await get(`/api/campaigns/${draft}`)).status).toBe(404);
  expect(await remove(`/api/campaigns/${queued}`)).toBe(409);
  expect((await get(`/api/campaigns/${queued}`)).status).toBe(200);
  expect(await remove(`/api/campaigns/${randomUUID()}`)).toBe(404);
});
