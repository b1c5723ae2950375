import { expect, test } from "vitest";
import { virtualClock } from "./clock.ts";
import type { Job, Wait } from "./documents.ts";
import { readEvents } from "./events.ts";
import { Notebook } from "./notebook.ts";
import { Pauses } from "./pauses.ts";
import { Queue } from "./queue.ts";
import { runWith } from "./testkit-runs.ts";
import { RegistrationRefused, readFunctions } from "./validate.ts";

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
    timerFired: () => {},
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
