/** The local engine refuses what it does not model, with its name, when functions register or when the step arrives. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { engineSuite } from "./support/suite.ts";

const { start, engine } = await engineSuite();

describe.skipIf(engine.isReal)("features that the local engine does not model", { concurrent: true }, () => {
  test("step.waitForSignal fails the run and is named", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "signal", retries: 3, triggers: [on("go")] }, ({ step }) =>
        step.waitForSignal("wait", { signal: "s", timeout: "1h", onConflict: "fail" }),
      ),
    ]);
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.status).toBe("Failed");
    expect(JSON.stringify(outcome.error)).toContain("waitForSignal");
  });

  test("step.fetch fails the run and is named", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "fetch", retries: 3, triggers: [on("go")] }, async ({ step }) => {
        await step.fetch("http://127.0.0.1:9/");
      }),
    ]);
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.status).toBe("Failed");
    expect(JSON.stringify(outcome.error)).toContain("step.fetch");
  });

  test("a cron's jitter is refused at registration", async () => {
    const refused = start(({ inngest }) => [
      inngest.createFunction(
        { id: "jittery", retries: 0, triggers: [{ cron: "0 * * * *", jitter: "5m" }] },
        () => null,
      ),
    ]);
    await expect(refused).rejects.toThrow(/jitter/);
  });

  test.each([
    ["macros", { triggers: [{ event: "x", if: "event.data.list.exists(i, i == 1)" }] }, /exists/],
    [
      "arithmetic",
      { triggers: [{ event: "x", if: "event.data.n + 1 == 6" }] },
      /\+.* in a condition is not modelled/,
    ],
    ["a debounce's timeout", { debounce: { period: "5s", timeout: "9s" } }, /debounce.timeout/],
    [
      "an order between two events",
      { cancelOn: [{ event: "y", if: "event.data.n < async.data.n" }] },
      /<.* in a match is not modelled/,
    ],
  ] as [string, object, RegExp][])("%s: refused at registration", async (_, options, words) => {
    const refused = start(({ inngest }) => [
      inngest.createFunction({ id: "fn", retries: 0, triggers: [{ event: "x" }], ...options }, () => null),
    ]);
    await expect(refused).rejects.toThrow(words);
  });

  test("realtime publishing fails the run at its first attempt", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "loud", retries: 3, triggers: [on("go")] }, ({ step }) =>
        step.realtime.publish("say", { channel: "all", topic: "news", config: { schema: z.object({}) } }, {}),
      ),
    ]);
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.status).toBe("Failed");
    expect(JSON.stringify(outcome.error)).toContain("Realtime is not modelled");
  });

  test("a rerun from a step and SDKs before 3.54 are refused", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "plain", retries: 0, triggers: [on("go")] }, () => null),
    ]);
    const { runId } = await app.outcome(await app.send("go"));
    const rerun = await app.engine.request("POST", `/api/v2/runs/${runId}/rerun`, {
      from_step: { step_id: "x" },
    });
    expect(rerun.status).toBe(501);
    const body = { appName: "old", url: "http://127.0.0.1:9/", functions: [], sdk: "js:v3.53.9" };
    const registered = await app.engine.request("POST", "/fn/register", body);
    expect([registered.status, JSON.stringify(registered.body)]).toEqual([
      400,
      expect.stringContaining("3.54"),
    ]);
  });

  test('an unknown address is answered with "not modelled"', async () => {
    const app = await start(() => []);
    const answer = await app.engine.request("GET", "/v1/traces/userland");
    expect(answer.status).toBe(404);
    expect(JSON.stringify(answer.body)).toContain("not modelled");
  });
});

test.skipIf(engine.isReal).each([
  ["no origin", undefined, 200],
  ["its own origin", new URL(engine.url).origin, 200],
  ["another origin", "https://evil.example", 403],
  ["another port of this machine", "http://127.0.0.1:1", 403],
  ["an unknown origin", "null", 403],
])("an event from a page of %s", async (_name, origin, status) => {
  const answer = await fetch(new URL("/e/test", engine.url), {
    method: "POST",
    headers: { "content-type": "text/plain", ...(origin !== undefined && { origin }) },
    body: JSON.stringify({ name: "origin/tested", data: {} }),
  });
  expect(answer.status).toBe(status);
});

test.skipIf(engine.isReal)("one plain page lists the runs, and one shows a run's steps", async () => {
  const app = await start(({ inngest, on }) => [
    inngest.createFunction({ id: "shown", retries: 0, triggers: [on("go")] }, ({ step }) =>
      step.run("the-step", () => 1),
    ),
  ]);
  const { runId } = await app.outcome(await app.send("go"));
  const page = await (await fetch(engine.url)).text();
  expect(page).toContain(`${app.id}-shown`);
  expect(page).toContain(runId);
  const href = [...page.matchAll(/href="([^"]+)"/g)].map(([, to]) => to).find((to) => to?.includes(runId));
  const one = await (await fetch(new URL(href ?? "", engine.url))).text();
  expect(one).toContain("the-step");
});
