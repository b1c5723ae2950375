/** The read and control API. The real server shows a run here only about fifteen seconds after it ran. */
import { describe, expect, test } from "vitest";
import type { RunView } from "./support/engine-client.ts";
import { engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start } = await engineSuite();

describe.concurrent("the read API", () => {
  test("/v1/events/:id returns the event as it was sent, and /v1/events lists events newest first, by name and page", async () => {
    const app = await start(() => []);
    const ids = await app.engine.sendAll([1, 2, 3].map((n) => ({ name: app.name("listed"), data: { n } })));
    const one = await eventually("the event", async () => {
      const answer = await app.engine.request<{ data?: Record<string, unknown> }>(
        "GET",
        `/v1/events/${ids[0]}`,
      );
      return answer.body.data ?? undefined;
    });
    expect(one["ts"]).toBeTypeOf("number");
    expect(one).toMatchObject({
      internal_id: ids[0],
      id: ids[0],
      name: app.name("listed"),
      data: { n: 1 },
    });

    const list = (query: string) =>
      app.engine.request<{ data: { internal_id: string }[] }>(
        "GET",
        `/v1/events?name=${encodeURIComponent(app.name("listed"))}${query}`,
      );
    const all = await eventually("three events listed", async () => {
      const { body } = await list("");
      return body.data.length === 3 && body.data;
    });
    const newestFirst = ids.toSorted().toReversed();
    expect(all.map((event) => event.internal_id)).toEqual(newestFirst);
    const page = await list("&limit=2");
    expect(page.body.data.map((event) => event.internal_id)).toEqual(newestFirst.slice(0, 2));
    const next = await list(`&limit=2&cursor=${newestFirst[1]}`);
    expect(next.body.data.map((event) => event.internal_id)).toEqual(newestFirst.slice(2));
  });

  test("an event cannot be looked up by an id that the sender chose", async () => {
    const app = await start(() => []);
    const own = `${app.id}-own`;
    await app.send("x", {}, { id: own });
    const answer = await app.engine.request("GET", `/v1/events/${own}/runs`);
    expect(JSON.stringify(answer.body)).toContain(`Invalid event ID: ${own}`);
  });

  test("/v1/events/:id/runs and /v1/runs/:id show how a run ended", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "works", retries: 0, triggers: [{ event: on("works") }] }, () => ({
        fine: true,
      })),
      inngest.createFunction({ id: "fails", retries: 0, triggers: [{ event: on("fails") }] }, () => {
        throw Object.assign(new Error("no"), { code: "E42", cause: { code: "why" } });
      }),
    ]);
    const [works, fails] = await Promise.all([app.send("works"), app.send("fails")]);
    const completed = await app.engine.end(works, 60_000);
    const failed = await app.engine.end(fails, 60_000);
    expect(completed).toMatchObject({
      run_id: (await app.outcome(works)).runId,
      event_id: works,
      status: "Completed",
    });
    expect(completed.function_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(completed.ended_at ?? "")).toBeGreaterThanOrEqual(Date.parse(completed.run_started_at));
    expect(failed).toMatchObject({
      status: "Failed",
      output: { name: "Error", message: "no", cause: { code: "why" } },
    });
  });

  test("an unknown event gets 404", async () => {
    const app = await start(() => []);
    const { body } = await app.engine.request("GET", "/v1/events/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    // The status in the body counts: the Dev Server sends HTTP 200 with it.
    expect(body).toMatchObject({ status: 404, error: "Event not found" });
  });

  test("/v1/runs/:id/jobs lists what a live run waits for", async () => {
    const began: string[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "asleep", retries: 0, triggers: [{ event: on("go") }] },
        async ({ step, runId }) => {
          await step.run("begin", () => began.push(runId));
          await step.sleep("long", "1h");
        },
      ),
    ]);
    await app.send("go");
    const runId = await eventually("the run asleep", () => began[0]);
    const jobs = await eventually("its sleep among the jobs", async () => {
      const { body } = await app.engine.request<{ data?: unknown[] }>("GET", `/v1/runs/${runId}/jobs`);
      return (body.data?.length ?? 0) > 0 && body.data;
    });
    expect(jobs).toHaveLength(1);
    await app.engine.cancel(runId);
  });
});

describe.concurrent("the control API", () => {
  test("rerun starts a new run of the same event, with a run id of its own", async () => {
    const runs: { runId: string; eventId: string | undefined }[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "again", retries: 0, triggers: [{ event: on("go") }] },
        ({ event, runId }) => {
          runs.push({ runId, eventId: event.id });
        },
      ),
    ]);
    const id = await app.send("go");
    const first = await app.outcome(id, "again");
    const answer = await eventually(
      "the rerun taken",
      async () => {
        const answer = await app.engine.request<{ data?: unknown }>(
          "POST",
          `/api/v2/runs/${first.runId}/rerun`,
          {},
        );
        return answer.status < 300 && answer;
      },
      { timeoutMs: 60_000 },
    );
    expect(answer.status).toBeLessThan(300);
    await eventually("the second run", () => runs.length === 2);
    expect(runs[1]).toMatchObject({ eventId: id });
    expect(runs[1]?.runId).not.toBe(first.runId);
  });

  test("a cancel of an ended or unknown run is refused", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "quick", retries: 0, triggers: [{ event: on("go") }] }, () => "done"),
    ]);
    const { runId } = await app.outcome(await app.send("go"));
    await app.engine.end((await app.outcomes.count(1))[0]?.events[0]?.id ?? "", 60_000);
    await app.engine.cancel(runId);
    const view = await app.engine.request<{ data: RunView }>("GET", `/v1/runs/${runId}`);
    expect(view.body.data.status).toBe("Completed");
  });
});
