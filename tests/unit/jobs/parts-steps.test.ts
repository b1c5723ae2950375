import { expect, test } from "vitest";
import { createParts } from "#jobs/parts.ts";
import type { Part, PartsRepository, Plan } from "#jobs/parts-repository.ts";

const ENGINE_LIMIT = 1000;

/** Runs steps at once, and counts them as the engine does. */
function countedRun(data: object) {
  let steps = 0;
  const count = <T>(work: () => T): T => {
    steps += 1;
    return work();
  };
  const step = {
    run: async (_id: string, work: () => unknown) => count(work),
    sleep: async () => count(() => undefined),
    sendEvent: async () => count(() => ({ ids: [] })),
  };
  const run = { step, runId: "run", event: { id: "event", name: "test", data } } as never;
  return { run, steps: () => steps };
}

const parts = createParts(
  {
    open: async () => ({ jobId: "job", planned: false, cursor: null }) as unknown as Plan,
    claim: async () => ({ state: "claimed" }) as unknown as Part,
    release: async () => 0,
  } as unknown as PartsRepository,
  { stepMs: 0 },
);

test("T9: a plan that does not end fails with a clear message before the engine's limit of 1,000 steps", async () => {
  const { run, steps } = countedRun({});
  await expect(
    parts.plan(run, "process-import", () => Promise.reject(new Error("not reached"))),
  ).rejects.toThrow("The plan is not complete after 500 steps");
  expect(steps()).toBeLessThan(ENGINE_LIMIT);
});

test.each([
  ["is never done", () => Promise.resolve("open" as const), "500 steps"],
  ["waits again and again", () => Promise.resolve({ waitMs: 1000 }), "40 waits in a row"],
])("T9: a part that %s fails with a clear message before that limit", async (_, work, after) => {
  const { run, steps } = countedRun({ parentJobId: "job", part: 1 });
  await expect(parts.work(run, { policy: "email" }, work)).rejects.toThrow(
    `The part is not done after ${after}`,
  );
  expect(steps()).toBeLessThan(ENGINE_LIMIT);
});

test("a part that waits after each progress is continued by another run before that limit", async () => {
  let settled = 0;
  const waiting = createParts(
    {
      claim: async () => ({ state: "claimed", settled }) as unknown as Part,
      release: async () => 0,
    } as unknown as PartsRepository,
    { stepMs: 0 },
  );
  const { run, steps } = countedRun({ parentJobId: "job", part: 1 });
  const work = async () => {
    settled += 1;
    return { waitMs: 1000 };
  };
  expect(await waiting.work(run, { policy: "email" }, work)).toEqual({ state: "open" });
  expect(settled).toBeGreaterThan(40);
  expect(steps()).toBeLessThan(ENGINE_LIMIT);
});

test("a part that needs more steps than a run may have is continued by another run", async () => {
  const sent: { name: string; data: object; id: string }[] = [];
  let settled = 0;
  const counting = createParts(
    {
      claim: async () => ({ state: "claimed", settled }) as unknown as Part,
      release: async () => 0,
    } as unknown as PartsRepository,
    { stepMs: 0 },
  );
  const work = async (runId: string, event: object) => {
    const step = {
      run: async (_: string, step: () => unknown) => step(),
      sendEvent: async (_: string, event: (typeof sent)[0]) => sent.push(event),
    };
    return counting.work({ step, runId, event } as never, { policy: "dataSync" }, async () => {
      settled += 1;
      return settled > 501 ? "done" : "open";
    });
  };
  const event = { name: "webhook/replay", data: { replayId: "replay", parentJobId: "job", part: 1 } };
  expect(await work("run-1", event)).toEqual({ state: "open" });
  expect(sent).toEqual([{ ...event, id: "run-1:continue" }]);
  expect(await work("run-2", sent[0] ?? {})).toEqual({ state: "done" });
  expect([settled, sent.length]).toEqual([502, 1]);
});
