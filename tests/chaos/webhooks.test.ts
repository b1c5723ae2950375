import { expect, test } from "vitest";
import { hooksRampage } from "./support/hooks-rampage.ts";

/** The short form; `npm run chaos -- --form webhooks` is the long one. */
test("S4-36: killing site, engine, gateway and Postgres leaves one payment, one mail and one message per order, and a replay complete", async () => {
  const verdict = await hooksRampage({ orders: 20, messages: 500, killsOfEach: 1 });
  expect(verdict).toMatchObject({
    kills: { site: 1, engine: 1, gateway: 1, postgres: 1 },
    paymentsPerOrder: { 1: 20 },
    mailsPerOrder: { 1: 20 },
    messagesPerOrder: { 1: 20 },
    replayed: 500,
    leftOver: 0,
  });
}, 600_000);
