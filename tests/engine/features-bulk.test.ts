/**
 * In its own file, because the real server needs half a minute for 5,000 events, and no other test should wait for
 * them.
 */
import { expect, test } from "vitest";
import { engineSuite } from "./support/suite.ts";

const { start } = await engineSuite();

test("5,001 events in one request are refused with the server's message", async () => {
  const app = await start(() => []);
  const answer = await app.engine.post(Array.from({ length: 5001 }, () => ({ name: app.name("bulk") })));
  expect(answer.status).toBe(400);
  expect(answer.body.error).toContain("5000");
});

test("5,000 events in one request get an id each, and the last one starts its function", {
  timeout: 300_000,
}, async () => {
  const app = await start(({ inngest, on }) => [
    inngest.createFunction(
      { id: "last", retries: 0, triggers: [{ event: on("bulk"), if: "event.data.n == 4999" }] },
      ({ event }) => event.data,
    ),
  ]);
  const ids = await app.engine.sendAll(
    Array.from({ length: 5000 }, (_, n) => ({ name: app.name("bulk"), data: { n } })),
  );
  expect(new Set(ids).size).toBe(5000);
  const [outcome] = await app.outcomes.count(1, "last", 240_000);
  expect(outcome).toMatchObject({ result: { n: 4999 }, events: [{ id: ids[4999] }] });
});
