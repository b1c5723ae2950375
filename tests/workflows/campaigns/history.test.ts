import { afterAll, beforeAll, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";

let house: CampaignHouse;
beforeAll(async () => {
  house = await campaignHouse();
});
afterAll(() => house.close());
const { send, completed } = campaignTalk(() => house);

test("a subscriber's history has its own mails and suppressions; 404: for another owner, or after the deletion", async () => {
  const { listId, campaignId } = await house.draft(2);
  await house.control("reject", { addresses: ["p2@example.com"] });
  await send(campaignId);
  await completed(campaignId);
  const people = `/api/lists/${listId}/subscribers`;
  const [first, second] = (await house.call("GET", people)).body.items;
  await house.call("PATCH", `${people}/${first.id}`, { status: "unsubscribed" });
  const historyOf = (id: number, as: "app" | "other" = "app") =>
    house.call("GET", `${people}/${id}/history`, undefined, { as });

  expect((await historyOf(first.id)).body).toMatchObject({
    email: "p1@example.com",
    status: "unsubscribed",
    mails: [{ campaignId, name: "News for {{name|you}}", status: "sent", errorCode: null }],
    suppressions: [{ scope: "list", reason: "unsubscribed", isActive: true, liftedAt: null }],
  });
  expect((await historyOf(second.id)).body.mails).toMatchObject([{ campaignId, status: "failed" }]);
  expect((await historyOf(first.id, "other")).status).toBe(404);
  await house.call("DELETE", `${people}/${first.id}`);
  expect((await historyOf(first.id)).status).toBe(404);
});

test("the suppression of another list is not shown", async () => {
  const [one, other] = [await house.draft(1), await house.draft(1)];
  const firstOf = async (listId: string) =>
    (await house.call("GET", `/api/lists/${listId}/subscribers`)).body.items[0].id;
  const leaving = `/api/lists/${other.listId}/subscribers/${await firstOf(other.listId)}`;
  await house.call("PATCH", leaving, { status: "unsubscribed" });
  expect((await house.call("GET", `${leaving}/history`)).body.suppressions).toHaveLength(1);
  const path = `/api/lists/${one.listId}/subscribers/${await firstOf(one.listId)}/history`;
  const shown = (await house.call("GET", path)).body.suppressions;
  expect(shown.filter(({ scope }: { scope: string }) => scope === "list")).toEqual([]);
});
