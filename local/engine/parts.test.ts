import { expect, test } from "vitest";
import { virtualClock } from "./clock.ts";
import type { Job, RunDocument, Wait } from "./documents.ts";
import { readEvents } from "./events.ts";
import { Journal } from "./journal.ts";
import { Notebook } from "./notebook.ts";
import { Pauses } from "./pauses.ts";
import { Queue } from "./queue.ts";
import { newRun } from "./runs.ts";
import { type Group, type Store, Unstorable } from "./store.ts";
import { RegistrationRefused, readFunctions } from "./validate.ts";

const runWith = (more: Partial<RunDocument> = {}): RunDocument => ({
  ...newRun({
    id: "run",
    functionId: "fn",
    appId: "app",
    eventIds: [],
    events: [{ id: "e", name: "go", data: { id: 1 }, ts: 1 }],
    priority: 0,
    limits: [],
    queuedAt: 0,
  }),
  ...more,
});

function journalOn(commit: Store["commit"]) {
  const refused: unknown[] = [];
  const journal = new Journal({
    store: { load: () => Promise.reject(), commit, close: () => Promise.resolve() },
    notebook: new Notebook(),
    refused: (document) => refused.push(document),
  });
  return { journal, refused };
}

test("a document that the store cannot save is refused alone, and the rest of its group is committed", async () => {
  const committed: string[] = [];
  const { journal, refused } = journalOn(async ({ runs }) => {
    if (runs.some(({ id }) => id === "bad")) throw new Unstorable("bad");
    committed.push(...runs.map(({ id }) => id));
  });
  const bad = runWith({ id: "bad" });
  for (const run of [runWith({ id: "a" }), bad, runWith({ id: "b" })]) journal.runChanged(run);
  await journal.flush();
  expect([committed, refused]).toEqual([["a", "b"], [bad]]);
});

test("a failing store rejects all waiting callers, and their changes are in the next commit", async () => {
  let fails = true;
  const committed: string[] = [];
  const { journal } = journalOn(async ({ runs }) => {
    if (fails) throw new Error("disk full");
    committed.push(...runs.map(({ id }) => id));
  });
  journal.runChanged(runWith({ id: "a" }));
  await expect(journal.flush()).rejects.toThrow("disk full");
  fails = false;
  await journal.flush();
  expect(committed).toEqual(["a"]);
});

test("an app that registers again before the commit is committed once, as it is now", async () => {
  const committed: Group["apps"][] = [];
  const { journal } = journalOn(async ({ apps }) => void committed.push(apps));
  const app = (url: string) => ({ id: "app", url, functions: [] });
  journal.appChanged(app("http://old.local"));
  journal.appChanged(app("http://new.local"));
  await journal.flush();
  expect(committed).toEqual([[app("http://new.local")]]);
});

test("after a failed commit, what was replaced or forgotten during it is not written again", async () => {
  const groups: Group[] = [];
  const { journal } = journalOn(async (group) => {
    groups.push(group);
    if (groups.length === 1) throw new Error("disk full");
  });
  const app = (url: string) => ({ id: "app", url, functions: [] });
  const run = runWith({ id: "run" });
  journal.appChanged(app("http://old.local"));
  journal.runChanged(run);
  const failed = journal.flush();
  journal.appChanged(app("http://new.local"));
  journal.forgetRun(run);
  await expect(failed).rejects.toThrow("disk full");
  await journal.flush();
  expect(groups[1]).toMatchObject({
    apps: [app("http://new.local")],
    runs: [],
    forgotten: { runs: ["run"] },
  });
});

test("the journal makes one commit at a time, and changes during it share the next commit", async () => {
  const groups: Group[] = [];
  const finish: (() => void)[] = [];
  const commit = (group: Group) => {
    groups.push(group);
    return new Promise<void>((resolve) => finish.push(resolve));
  };
  const { journal } = journalOn(commit);
  const safe: string[] = [];
  const change = (id: string) => {
    journal.runChanged(runWith({ id }));
    void journal.flush().then(() => safe.push(id));
  };
  change("a");
  change("b");
  change("c");
  expect(groups.map(({ runs }) => runs.map(({ id }) => id))).toEqual([["a"]]);
  finish[0]?.();
  await expect.poll(() => groups.length).toBe(2);
  expect(safe).toEqual(["a"]);
  expect(groups[1]?.runs.map(({ id }) => id)).toEqual(["b", "c"]);
  finish[1]?.();
  await expect.poll(() => safe).toEqual(["a", "b", "c"]);
});

test("an event is matched with the runs that wait for its value, on whichever side the expression names it", () => {
  const pauses = new Pauses();
  const waiting = (id: number, expression?: string) => {
    const run = runWith({ id: `run-${id}`, events: [{ id: "e", name: "go", data: { id }, ts: 1 }] });
    const wait: Wait = {
      id: "w",
      kind: "event",
      event: "paid",
      expiresAt: 100,
      ...(expression ? { expression } : {}),
    };
    pauses.add(run, wait);
    return wait;
  };
  waiting(1, "event.data.id == async.data.id");
  const second = waiting(2, "async.data.id == event.data.id && async.data.ok == true");
  waiting(3);
  const met = (data: Record<string, unknown>, now = 0) =>
    pauses
      .matching({ id: "p", name: "paid", data, ts: 2 }, now)
      .map(({ run }) => run.id)
      .toSorted();
  expect(met({ id: 1 })).toEqual(["run-1", "run-3"]);
  expect(met({ id: 2, ok: false })).toEqual(["run-3"]);
  expect(met({ id: 2, ok: true })).toEqual(["run-2", "run-3"]);
  expect(met({ id: 1 }, 101)).toEqual([]);
  pauses.remove(second);
  expect(met({ id: 2, ok: true })).toEqual(["run-3"]);
});

test("the queue never exceeds a limit, and starts another call when one ends", async () => {
  const running = new Set<string>();
  const ended = new Map<string, () => void>();
  let most = 0;
  const queue = new Queue({
    clock: virtualClock(0),
    random: Math.random,
    maxInFlight: 100,
    ring: () => {},
    throttle: () => undefined,
    busy: () => () => {},
    call: (run) =>
      new Promise<void>((resolve) => {
        running.add(run.id);
        most = Math.max(most, running.size);
        ended.set(run.id, () => {
          running.delete(run.id);
          resolve();
        });
      }),
  });
  for (let n = 0; n < 10; n++) {
    const job: Job = { id: "start", kind: "call", at: 0, attempt: 0 };
    queue.add(runWith({ id: `run-${n}`, limits: [{ key: "k", limit: 2 }], jobs: { start: job } }), job);
  }
  for (let done = 0; done < 10; done++) {
    await expect.poll(() => running.size).toBeGreaterThan(0);
    const [id = ""] = running;
    ended.get(id)?.();
  }
  expect({ most, ended: ended.size }).toEqual({ most: 2, ended: 10 });
});

test("an entry of the notebook expires, and each change is handed to the store once", () => {
  const notebook = new Notebook();
  notebook.set("a", 1, 10, 0);
  expect([notebook.get("a", 9), notebook.get("a", 10)]).toEqual([1, undefined]);
  expect(notebook.takeChanges().written).toEqual([{ key: "a", value: 1, expiresAt: 10 }]);
  expect(notebook.hasChanged).toBe(false);
  notebook.delete("a");
  expect(notebook.takeChanges().deleted).toEqual(["a"]);
});

test("an invalid event is refused with the server's message", () => {
  const read = (body: unknown) => readEvents(JSON.stringify(body));
  const refused = (body: unknown, words: string) =>
    expect(read(body)).toEqual({ events: [], refusal: expect.stringContaining(words) });
  refused({ name: "" }, "event name is empty");
  refused(
    { name: "inngest/function.finished" },
    "event name is reserved for internal use: inngest/function.finished",
  );
  refused({ name: "x", data: "text" }, "cannot unmarshal string");
  refused({ name: "x", data: { x: "x".repeat(3_200_000) } }, "Event is over the max size: Max 3145728 bytes");
  refused("text", "Request body must contain an event object");
  refused([5], "json: cannot unmarshal number into Go value of type event.raw");
  expect(read({ name: "x", data: { a: 1, _inngest: { fn_id: "sly" } } }).events[0]?.data).toEqual({ a: 1 });
});

test("of an array, the events before the first invalid one are accepted", () => {
  const read = (list: unknown[]) => readEvents(JSON.stringify(list));
  const names = (list: unknown[]) => read(list).events.map(({ name }) => name);
  expect(names([{ name: "a" }, { name: "b" }, { name: "" }, { name: "c" }])).toEqual(["a", "b"]);
  expect(names([{ name: "a" }, null, { name: "c" }])).toEqual(["a"]);
  const { events, refusal } = read(Array.from({ length: 5_001 }, () => ({ name: "x" })));
  expect(events).toHaveLength(5_000);
  expect(refusal).toBe("Cannot have more than 5000 events in a batch");
});

test("an invalid function is refused with all reasons at once", () => {
  const fn = {
    id: "app-fn",
    triggers: [{ cron: "nonsense" }],
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url: "http://app" } } },
    concurrency: [{ limit: 1, scope: "account" }],
    batchEvents: { maxSize: 1, timeout: "10s" },
    cancel: [{ event: "stop", if: "event.data.x ==== 1" }],
    debounce: { period: "8d" },
  };
  const problems = (() => {
    try {
      readFunctions([fn, { id: "app-new", steps: fn.steps, triggers: [], novelty: true } as { id: string }]);
      return [];
    } catch (error) {
      return error instanceof RegistrationRefused ? error.problems : [String(error)];
    }
  })();
  for (const words of [
    'the cron "nonsense" is invalid',
    "A concurrency key must be specified for account scoped limits",
    "batch size cannot be smaller than 2: 1",
    "Cancellation expression is invalid",
    "greater than the max of: 604800s",
    "Batching and cancellation are mutually exclusive",
    "app-new: `novelty` is not modelled by the local engine",
  ])
    expect(problems.join("\n")).toContain(words);
});
