import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
/** Its engine does not answer, so the jobs of the payments wait. */
let site: TestApp;
const jobs: string[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
  for (const [orderId, as] of [
    ["ann-1", "ann"],
    ["bob-1", "bob"],
    ["ann-2", "ann"],
  ] as const) {
    const payment = { orderId, amount: 4200, idempotencyKey: orderId };
    const { body } = await site.call("POST", "/api/payments", { as, body: payment });
    jobs.push(body.jobId);
  }
  for (const [id, orderId] of [
    ["pi_1", "ann-1"],
    ["pi_2", undefined],
  ])
    await database.sql.query("select apply_payment($1, now())", [
      {
        id,
        orderId,
        state: { sequence: 1 },
        status: id === "pi_1" ? "succeeded" : "requires_payment_method",
        amountCents: 4200,
        currency: "usd",
        failureCode: id === "pi_1" ? null : "card_declined",
      },
    ]);
});
afterAll(() => database.close());

const get = (path: string, as: "admin" | "ann" | "bob" = "admin") => site.call("GET", path, { as });
const idsOf = async (path: string, as?: "admin" | "ann") =>
  (await get(path, as)).body.items.map(({ id }: { id: string }) => id);

test("200: orders, newest first, each with its state, its payment and its job; an owner sees their own", async () => {
  const { body } = await get("/api/orders");
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual(["ann-2", "bob-1", "ann-1"]);
  expect(body.items[2]).toMatchObject({
    status: "paid",
    amountCents: 4200,
    currency: "usd",
    paymentId: "pi_1",
    paymentStatus: "succeeded",
    links: { job: `/api/jobs/${jobs[0]}` },
  });
  expect(await idsOf("/api/orders", "ann")).toEqual(["ann-2", "ann-1"]);
  expect(await idsOf("/api/orders?status=paid")).toEqual(["ann-1"]);
  expect(await idsOf("/api/orders?status=pending", "ann")).toEqual(["ann-2"]);
});

test("200: payments, also those that name no order, with the job of their order", async () => {
  const { body } = await get("/api/payments");
  expect(body.items).toHaveLength(2);
  expect(body.items).toContainEqual(
    expect.objectContaining({
      id: "pi_1",
      orderId: "ann-1",
      orderStatus: "paid",
      links: { job: `/api/jobs/${jobs[0]}` },
    }),
  );
  const failed = await get("/api/payments?status=requires_payment_method");
  expect(failed.body.items).toMatchObject([
    { id: "pi_2", orderId: null, failureCode: "card_declined", links: { job: null } },
  ]);
});

test("200: pages follow each other, also with the longest ids", async () => {
  const long = "語".repeat(300);
  await database.sql.query(
    `insert into orders (id, owner, amount_cents, currency, created_at) values ($1, 'x', 1, 'eur', now() + interval '1 hour')`,
    [long],
  );
  const first = (await get("/api/orders?limit=1")).body;
  expect(first.items[0].id).toBe(long);
  const second = await get(`/api/orders?limit=1&cursor=${first.nextCursor}`);
  expect(second.body.items[0].id).toBe("ann-2");
});

test("202: a repeated payment request leaves the job of a newer one with the order", async () => {
  const pay = async (idempotencyKey: string) =>
    (
      await site.call("POST", "/api/payments", {
        as: "bob",
        body: { orderId: "bob-1", amount: 4200, idempotencyKey },
      })
    ).body.jobId;
  const newer = await pay("another key");
  expect(await pay("bob-1")).toBe(jobs[1]);
  const { items } = (await get("/api/orders", "bob")).body;
  expect(items[0].links).toEqual({ job: `/api/jobs/${newer}` });
});

test("403: payments, to a key that is no administrator's", async () => {
  expect((await get("/api/payments", "ann")).status).toBe(403);
});
