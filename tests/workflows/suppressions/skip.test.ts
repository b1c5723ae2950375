import { afterEach, describe, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";
import { intentOf, type PaymentShop, paymentShop } from "../../support/payment-shop.ts";

let house: CampaignHouse | undefined;
let shop: PaymentShop | undefined;
afterEach(async () => {
  await house?.close();
  await shop?.close();
  house = shop = undefined;
});
const theHouse = () => {
  if (house === undefined) throw new Error("This test has no house");
  return house;
};
const { campaign, send, completed } = campaignTalk(theHouse);
const admin = { as: "admin" } as const;
const call = (method: string, path: string, body?: unknown) => theHouse().call(method, path, body, admin);

/** A house in which `meanwhile` happens while the first batch of ten is at the provider. */
const houseWith = async (meanwhile: (listId: string) => Promise<void>) => {
  let isFirst = true;
  let draft = { listId: "", campaignId: "" };
  house = await campaignHouse({
    // Without keys, no batch is taken before it can be sent.
    env: {
      CAMPAIGN_PART_SIZE: "20",
      CAMPAIGN_BATCH_SIZE: "10",
      MAIL_MAX_IN_FLIGHT: "1",
      MAIL_IDEMPOTENT: "false",
    },
    beforeMail: async () => {
      if (isFirst) await meanwhile(draft.listId);
      isFirst = false;
    },
  });
  draft = await house.draft(60);
  return draft.campaignId;
};

async function suppress(address: string, more: object = { scope: "all" }) {
  const answer = await call("POST", "/api/suppressions", { address, ...more });
  expect(answer).toMatchObject({ status: 201 });
  return answer;
}

/** The addresses that got a mail, by the provider's record. */
const mailed = async (): Promise<string[]> => {
  const url = "http://mail.local/_control/messages?limit=1000";
  const { messages } = await (await theHouse().provider.fetch(new Request(url))).json();
  return messages.flatMap(({ to }: { to: string[] }) => to);
};

const subscriberOf = async (listId: string, address: string) => {
  const { body } = await call("GET", `/api/lists/${listId}/subscribers`);
  return body.items.find(({ email }: { email: string }) => email === address);
};

describe("T31: an address that is suppressed after planning", () => {
  test("gets no mail of the campaign and is skipped with the reason, while each other recipient gets one mail", async () => {
    const campaignId = await houseWith(async (listId) => {
      await suppress("P50@example.com");
      await suppress("p51@example.com", { scope: "list", listId });
      await suppress("p52@example.com", { scope: "stream", stream: "broadcast" });
      await suppress("p53@example.com", { scope: "stream", stream: "transactional" });
      for (const [address, status] of [
        ["p54@example.com", "complained"],
        ["p55@example.com", "unsubscribed"],
      ] as const) {
        const { id } = await subscriberOf(listId, address);
        const answer = await call("PATCH", `/api/lists/${listId}/subscribers/${id}`, { status });
        expect(answer).toMatchObject({ status: 200 });
      }
      const { id } = await subscriberOf(listId, "p56@example.com");
      await call("DELETE", `/api/lists/${listId}/subscribers/${id}`);
      // A suppression that no subscriber's status shows, as when both are written at once.
      await suppress("p57@example.com");
      await theHouse().db.sql.query(
        "update email_subscribers set status = 'active' where email = 'p57@example.com'",
      );
    });
    await send(campaignId);
    await completed(campaignId);

    const { body } = await call("GET", `/api/campaigns/${campaignId}/sends?status=skipped`);
    expect(body.items.map(({ email, errorCode }: Record<string, string>) => [email, errorCode])).toEqual([
      ["p50@example.com", "by_hand"],
      ["p51@example.com", "by_hand"],
      ["p52@example.com", "by_hand"],
      ["p54@example.com", "complained"],
      ["p55@example.com", "unsubscribed"],
      ["p56@example.com", "deleted"],
      ["p57@example.com", "by_hand"],
    ]);
    const left = new Set(body.items.map(({ email }: { email: string }) => email));
    const addresses = Array.from({ length: 60 }, (_, n) => `p${n + 1}@example.com`);
    expect((await mailed()).toSorted()).toEqual(addresses.filter((one) => !left.has(one)).toSorted());
    expect(await campaign(campaignId)).toMatchObject({
      counts: { recipients: 60, sent: 53, skipped: 7, pending: 0, failed: 0, unknown: 0 },
    });
  });

  test("gets its mail again after the suppression is lifted, which records who lifted it and why", async () => {
    const campaignId = await houseWith(async () => {
      const { body } = await suppress("p50@example.com", { scope: "all", note: "asked by phone" });
      const because = "asked to come back";
      const lifted = await call("POST", `/api/suppressions/${body.id}/lift`, { because });
      expect(lifted).toMatchObject({
        status: 200,
        body: { isActive: false, note: "asked by phone", liftedBecause: because },
      });
      expect(lifted.body.liftedBy).toBe(body.source);
      expect((await call("POST", `/api/suppressions/${body.id}/lift`, { because })).status).toBe(404);
    });
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 60, skipped: 0 } });
  });
});

test("suppressions are listed newest first and by address, and only administrators see and add them", async () => {
  house = await campaignHouse();
  for (const n of [1, 2, 3]) await suppress(`s${n}@example.com`);
  await suppress("s1@example.com");
  const first = await call("GET", "/api/suppressions?limit=2");
  expect(first.body.items.map(({ address }: { address: string }) => address)).toEqual([
    "s3@example.com",
    "s2@example.com",
  ]);
  const second = await call("GET", `/api/suppressions?limit=2&cursor=${first.body.nextCursor}`);
  expect(second.body).toMatchObject({ items: [{ address: "s1@example.com" }], nextCursor: null });
  const one = await call("GET", "/api/suppressions?address=S2@example.com");
  expect(one.body.items).toMatchObject([{ address: "s2@example.com", reason: "by_hand", isActive: true }]);
  expect((await house.call("GET", "/api/suppressions")).status).toBe(403);
  expect((await house.call("POST", "/api/suppressions", { address: "a@b.de", scope: "all" })).status).toBe(
    403,
  );
  for (const wrong of [
    { address: "a@example.com", scope: "list" },
    { address: "x", scope: "all" },
  ])
    expect((await call("POST", "/api/suppressions", wrong)).status).toBe(400);
});

describe("the status of a subscriber", () => {
  test("is suppressed when a suppressed or deleted address is uploaded", async () => {
    house = await campaignHouse();
    const { listId } = await house.draft(3);
    const { id } = await subscriberOf(listId, "p1@example.com");
    await call("DELETE", `/api/lists/${listId}/subscribers/${id}`);
    await suppress("new@example.com");
    const people = ["P1@example.com", "new@example.com", "other@example.com"].map((email) => ({ email }));
    await house.call("POST", `/api/lists/${listId}/subscribers`, people);
    expect(await subscriberOf(listId, "P1@example.com")).toMatchObject({ status: "suppressed" });
    expect(await subscriberOf(listId, "new@example.com")).toMatchObject({ status: "suppressed" });
    expect(await subscriberOf(listId, "other@example.com")).toMatchObject({ status: "active" });
    const { rows } = await house.db.sql.query("select from suppressions where address ilike 'p1@%'");
    expect(rows).toEqual([]);
  });

  test("becomes active when the suppression of a deleted address is lifted with that address, and with no other", async () => {
    house = await campaignHouse();
    const { listId } = await house.draft(1);
    const email = "p1@example.com";
    await call("DELETE", `/api/lists/${listId}/subscribers/${(await subscriberOf(listId, email)).id}`);
    await house.call("POST", `/api/lists/${listId}/subscribers`, [{ email }]);
    const { body } = await call("GET", `/api/suppressions?address=${email}`);
    expect(body.items).toMatchObject([{ address: null, isActive: true }]);
    const lift = (more: object) =>
      call("POST", `/api/suppressions/${body.items[0].id}/lift`, { because: "asked", ...more });
    for (const more of [{}, { address: "p2@example.com" }]) {
      expect(await lift(more)).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining("address") },
      });
      expect(await subscriberOf(listId, email)).toMatchObject({ status: "suppressed" });
    }
    expect(await lift({ address: "P1@example.com" })).toMatchObject({
      status: 200,
      body: { isActive: false },
    });
    expect(await subscriberOf(listId, email)).toMatchObject({ status: "active" });
  });

  test("can be set to active by the list's owner, except when all mail to the address is suppressed", async () => {
    house = await campaignHouse();
    const { listId } = await house.draft(1);
    const { id } = await subscriberOf(listId, "p1@example.com");
    const path = `/api/lists/${listId}/subscribers/${id}`;
    const set = (status: string) => theHouse().call("PATCH", path, { status });
    expect(await set("unsubscribed")).toMatchObject({ status: 200, body: { status: "unsubscribed" } });
    expect(await set("active")).toMatchObject({ status: 200, body: { status: "active" } });
    await suppress("p1@example.com");
    expect(await set("active")).toMatchObject({ status: 409 });
    expect(await subscriberOf(listId, "p1@example.com")).toMatchObject({ status: "suppressed" });
  });
});

/** Pays an order of this address, which asks for its receipt. */
async function pay(shop: PaymentShop, orderId: string, email: string) {
  await shop.pay({ orderId, amount: 4200, idempotencyKey: orderId, email });
  await shop.settled();
  const intent = shop.intents().at(-1);
  const paid = { ...intentOf(intent?.id ?? "", orderId), receipt_email: null };
  await shop.deliver(shop.stripe.emit("payment_intent.succeeded", paid));
  await shop.settled();
}

test("a receipt is mailed to an unsubscribed address, but not to one that complained", async () => {
  shop = await paymentShop();
  const { rows } = shop;
  const email = "ada@example.com";
  const suppression = (scope: string, reason: string, stream: string | null) => ({
    address: email,
    scope,
    reason,
    stream,
    source: "test",
  });
  const write = (...all: object[]) =>
    rows("select private.suppress($1::jsonb, now())", [JSON.stringify(all)]);
  await write(suppression("stream", "unsubscribed", "broadcast"), suppression("all", "unsubscribed", null));
  await pay(shop, "order-1", email);
  expect(await shop.mails()).toHaveLength(1);
  await write(suppression("all", "complained", null));
  await pay(shop, "order-2", email);
  expect(await shop.mails()).toHaveLength(1);
  expect(
    await rows(
      "select job.result from jobs as job join mails on mails.id = job.id where key = 'receipt:order-2'",
    ),
  ).toMatchObject([{ result: { status: "skipped" } }]);
});
