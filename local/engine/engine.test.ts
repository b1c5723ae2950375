import { expect, test } from "vitest";
import { startApp } from "./testkit-app.ts";

test("a run that a singleton skipped is on the page but not in the API, costs nothing and sends no event", async () => {
  const told: unknown[] = [];
  const { engine, send } = await startApp((inngest) => [
    inngest.createFunction(
      { id: "single", retries: 0, triggers: [{ event: "go" }], singleton: { mode: "skip" } },
      ({ step }) => step.sleep("work", "1h"),
    ),
    inngest.createFunction(
      { id: "listen", retries: 0, triggers: [{ event: "inngest/function.finished" }] },
      ({ event }) => void told.push(event.data["run_id"]),
    ),
  ]);
  const first = await send("go");
  await engine.idle();
  const second = await send("go");
  const skipped = await engine.run(second);
  expect(skipped).toMatchObject({ status: "Skipped", functionId: "app-single" });
  expect(engine.usage()).toEqual({ runs: 1, steps: 1, executions: 2 });

  const get = (path: string) => engine.fetch(`${engine.url}${path}`);
  expect(await (await get("/?status=Skipped")).text()).toContain(skipped.id);
  expect(await (await get(`/run/${skipped.id}`)).text()).toContain("singleton");
  expect(await (await get(`/v1/events/${second}/runs`)).json()).toMatchObject({ data: [] });
  for (const path of [`/v1/runs/${skipped.id}`, `/v1/runs/${skipped.id}/jobs`])
    expect((await get(path)).status).toBe(404);

  const { id: done } = await engine.run(first);
  await engine.idle();
  expect(told).toEqual([done]);
  await engine.close();
});

test("an unsupported feature is refused at registration, or when a step uses it", async () => {
  const jitter = await startApp((inngest) => [
    inngest.createFunction({ id: "jitters", triggers: [{ cron: "0 0 * * *", jitter: "30s" }] }, () => {}),
  ]);
  await expect(jitter.engine.sync()).rejects.toThrow("app-jitters: the jitter of a cron is not modelled");

  const { engine, send } = await startApp((inngest) => [
    inngest.createFunction({ id: "signals", triggers: [{ event: "go" }] }, ({ step }) =>
      step.waitForSignal("signal", { signal: "x", timeout: "1m", onConflict: "fail" }),
    ),
  ]);
  const run = await engine.run(await send("go"));
  expect(run).toMatchObject({ status: "Failed", error: { name: "NotModelledError" } });
  expect(run.error?.message).toContain("step.waitForSignal() is not modelled");
  await engine.close();
});
