import { afterEach, beforeEach, expect, test } from "vitest";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";
import { verified } from "../../support/verified-webhook.ts";

let shop: HookShop;
beforeEach(async () => {
  shop = await hookShop();
});
afterEach(() => shop.close());

test("an endpoint gets no more requests a second than its rate", async () => {
  await shop.endpoint("slow", { perSecond: 2 });
  for (let n = 0; n < 30; n++) {
    await shop.rows("select private.publish_fact('report.ready', 'operator', $1, '{}', $2)", [
      `r${n}`,
      shop.engine.clock.now(),
    ]);
  }
  await shop.flush();
  await shop.settled();
  const times = shop.received.map(({ at }) => at);
  expect(times).toHaveLength(30);
  // The ten requests of a batch begin together, so a batch comes every five seconds.
  expect((times[10] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4_000);
  expect((times[29] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(9_000);
});

test("after a rotation both secrets verify until the overlap ends, and then the new one alone", async () => {
  const { id, secret: old } = await shop.endpoint();
  const { body } = await shop.call("POST", `/api/webhook-endpoints/${id}/rotate-secret`, { overlapHours: 2 });
  const acceptedBy = async (key: string) => {
    await shop.publish(key);
    await shop.settled();
    const request = shop.received.at(-1);
    return [old, body.secret].map((secret) => {
      try {
        return Boolean(verified(secret, request?.body ?? "", request?.headers ?? {}));
      } catch {
        return false;
      }
    });
  };
  expect(await acceptedBy("during")).toEqual([true, true]);
  // With a signature a reader of the log could send the body in our name.
  const [{ headers }] = await shop.rows("select request_headers as headers from webhook_attempts");
  expect(headers).toMatchObject({ "webhook-signature": "(not kept)", "x-webhook-signature": "(not kept)" });
  await shop.engine.advance("2h");
  expect(await acceptedBy("after")).toEqual([false, true]);
});

test("an endpoint without a url is refused with the field's name, and a test message needs no body", async () => {
  const refused = await shop.call("POST", "/api/webhook-endpoints", {});
  expect(refused).toMatchObject({ status: 400, body: { error: 'The body field "url" is missing' } });
  const { id } = await shop.endpoint();
  const tested = await shop.call("POST", `/api/webhook-endpoints/${id}/test`);
  expect(tested).toMatchObject({ status: 202, body: { event: "job.completed" } });
  const unknown = await shop.call("POST", `/api/webhook-endpoints/${id}/test`, { kind: "job.failed" });
  expect(unknown.status).toBe(400);
});

test("S2-18: an answer is waited for 10 s, and its first 64 KB are kept", async () => {
  await shop.endpoint();
  shop.receiver.answer = () => ({ body: "x".repeat(100_000) });
  await shop.publish("r1");
  await shop.settled();
  expect(shop.received).toMatchObject([{ timeoutMs: 10_000 }]);
  expect(await shop.rows("select length(answer_body) as length from webhook_attempts")).toEqual([
    { length: 65_536 },
  ]);
});
