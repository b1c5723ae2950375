import { describe, expect, test } from "vitest";
import type { Job, RunDocument } from "./documents.ts";
import { op } from "./protocol.ts";
import * as runs from "./runs.ts";

const rules: runs.Rules = { now: 1_000, random: () => 0.5, maxAttempts: 3 };

function startedRun(): RunDocument {
  const event = { id: "e", name: "go", data: {}, ts: 1 };
  const run = runs.newRun({
    id: "run",
    functionId: "app-fn",
    appId: "app",
    eventIds: ["e"],
    events: [event],
    priority: 0,
    limits: [],
    queuedAt: 1_000,
  });
  runs.open(run, rules, []);
  return run;
}

const jobOf = (run: RunDocument, id: string): Job => {
  const job = run.jobs[id];
  if (!job) throw new Error(`no job ${id} among ${Object.keys(run.jobs).join()}`);
  return job;
};

type Reported = { op: string; id: string } & Record<string, unknown>;
const report = (
  run: RunDocument,
  jobId: string,
  ops: Reported[],
  more: { noRetry?: boolean; retryAfter?: string } = {},
) =>
  runs.receive(run, rules, jobOf(run, jobId), {
    kind: "steps",
    ops: ops.map((one) => op.parse(one)),
    requestVersion: 2,
    noRetry: false,
    bytes: 100,
    ...more,
  });
const jobs = (run: RunDocument) => Object.keys(run.jobs).toSorted();

describe("a run", () => {
  test("the first result of a step counts, and causes one further call", () => {
    const run = startedRun();
    report(run, "start", [{ op: "StepRun", id: "a", data: 1 }]);
    expect(run.steps).toEqual({ a: { data: 1 } });
    expect(jobs(run)).toEqual(["a"]);
    report(run, "a", [{ op: "StepRun", id: "a", data: 2 }]);
    expect(run.steps).toEqual({ a: { data: 1 } });
    expect(jobs(run)).toEqual([]);
  });

  test("parallel steps are planned, and only the last result causes a further call", () => {
    const run = startedRun();
    report(run, "start", [
      { op: "StepPlanned", id: "a" },
      { op: "StepPlanned", id: "b" },
    ]);
    expect(run).toMatchObject({ planOnly: true, pending: ["a", "b"] });
    report(run, "b-plan", [{ op: "StepRun", id: "b", data: 2 }]);
    expect(jobs(run)).toEqual(["a-plan"]);
    report(run, "a-plan", [{ op: "StepRun", id: "a", data: 1 }]);
    expect(run).toMatchObject({ planOnly: false, pending: [], stack: ["b", "a"] });
    expect(jobs(run)).toHaveLength(1);
    expect(jobs(run)[0]).toMatch(/-discover$/);
  });

  test("in a race each result causes a call, and a losing branch that is reported again starts nothing", () => {
    const run = startedRun();
    const race = { opts: { parallelMode: "race" } };
    report(run, "start", [
      { op: "StepPlanned", id: "a", ...race },
      { op: "Sleep", id: "b", name: "1h", ...race },
    ]);
    report(run, "a-plan", [{ op: "StepRun", id: "a", data: 1, ...race }]);
    expect(jobs(run)).toEqual(["a", "b-sleep"]);
    const before = jobOf(run, "b-sleep");
    report(run, "a", [{ op: "Sleep", id: "b", name: "1h", ...race }]);
    expect(jobs(run)).toEqual(["b-sleep"]);
    expect(jobOf(run, "b-sleep")).toBe(before);
  });

  test("a failing step is retried after the delays of the table, then its error is stored for the function to catch", () => {
    const run = startedRun();
    const failing = {
      op: "StepError",
      id: "a",
      error: { name: "Boom", message: "no", code: "E1", cause: { code: 2 } },
    };
    report(run, "start", [failing]);
    expect(jobOf(run, "start")).toMatchObject({ attempt: 1, at: 1_000 + 15_000 + 15_000 });
    report(run, "start", [failing], { retryAfter: "2" });
    expect(jobOf(run, "start")).toMatchObject({ attempt: 2, at: 1_000 + 2_000 });
    report(run, "start", [failing]);
    expect(run.steps["a"]).toEqual({ error: { name: "Boom", message: "no", cause: { code: 2 } } });
    expect(jobs(run)).toEqual(["a-failure"]);
  });

  test("a checkpoint stores steps without a further call, and resets the attempts", () => {
    const run = startedRun();
    const job = jobOf(run, "start");
    job.attempt = 2;
    runs.checkpoint(run, rules, job, { ops: [op.parse({ op: "StepRun", id: "a", data: 1 })], bytes: 100 });
    expect(run.steps).toEqual({ a: { data: 1 } });
    expect(run.jobs).toEqual({ start: { ...job, attempt: 0 } });
  });

  test("an event ends a wait and its timer, and the timer ends a wait with null", () => {
    const event = { id: "x", name: "answer", data: {}, ts: 2 };
    const answered = startedRun();
    report(answered, "start", [{ op: "WaitForEvent", id: "w", opts: { event: "answer", timeout: "1h" } }]);
    runs.resume(answered, rules, "w", event);
    expect(answered).toMatchObject({ steps: { w: event }, waits: {} });
    expect(jobs(answered)).toEqual(["w-event"]);

    const late = startedRun();
    report(late, "start", [{ op: "WaitForEvent", id: "w", opts: { event: "answer", timeout: "1h" } }]);
    runs.timerFired(late, rules, jobOf(late, "w"));
    expect(late).toMatchObject({ steps: { w: null }, waits: {} });
    runs.resume(late, rules, "w", event);
    expect(late.steps["w"]).toBeNull();
  });

  test("an ended run ignores results", () => {
    const run = startedRun();
    const job = jobOf(run, "start");
    expect(runs.cancel(run, rules)).toEqual([{ type: "ended", waits: [], jobIds: ["start"] }]);
    expect(runs.receive(run, rules, job, { kind: "returned", data: 1 })).toEqual([]);
    expect(run).toMatchObject({ status: "Cancelled", jobs: {} });
  });

  test("the answer to a call that was replaced is ignored", () => {
    const run = startedRun();
    const job = jobOf(run, "start");
    report(run, "start", [{ op: "StepError", id: "a", error: { message: "no" } }]);
    runs.receive(run, rules, job, { kind: "returned", data: 1 });
    expect(run.status).toBe("Scheduled");
  });

  test("a run that exceeds a limit fails with the server's error", () => {
    const run = startedRun();
    run.stack = Array.from({ length: 1_000 }, (_, n) => `s${n}`);
    runs.begin(run, rules, jobOf(run, "start"));
    expect(run).toMatchObject({ status: "Failed", error: { error: "InngestErrFunctionOverflowed" } });
  });
});
