import { randomUUID } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { createOutbox, SEND_BATCH } from "#jobs/outbox.ts";
import type { Job } from "#jobs/rows.ts";
import { sendOutbox } from "#jobs/send-outbox.ts";
import { createInngest } from "#lib/engine/inngest.ts";
import { createLogger } from "#lib/logger.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const env = {
  INNGEST_DEV: "http://engine.local",
  INNGEST_BASE_URL: undefined,
  INNGEST_EVENT_KEY: undefined,
  INNGEST_SIGNING_KEY: undefined,
  CHECKPOINTING: true,
};
const NOW = new Date("2026-11-01T12:00:00Z");
const clock = { now: () => NOW };
const job = (data: Job["event_data"] = {}, more: Partial<Job> = {}): Job => ({
  id: randomUUID(),
  kind: "walk",
  function_id: "walk",
  event_id: "",
  event_name: "test/walk",
  event_data: data,
  status: "queued",
  requester: "x",
  idempotency_key: null,
  subject: null,
  blocked: null,
  owner: null,
  parent_job_id: null,
  dead_letter_id: null,
  again_of: null,
  progress_done: null,
  progress_total: null,
  event_count: 1,
  result: null,
  error: null,
  priority: 3,
  created_at: "",
  ready_at: "",
  due_at: "",
  deadline_at: null,
  released_at: NOW.toISOString(),
  sent_at: null,
  started_at: null,
  ended_at: null,
  updated_at: "",
  ...more,
});
const outboxOver = (
  fetch: typeof globalThis.fetch,
  markSent = vi.fn(async () => {}),
  unsent: () => Promise<Job[]> = async () => [],
  isReachable = true,
) => ({
  markSent,
  outbox: createOutbox({
    inngest: createInngest({ env, fetch, logger }),
    engine: { isReachable: async () => isReachable },
    jobs: { markSent, unsent },
    clock,
    logger,
  }),
});
const taken = () => Promise.resolve(Response.json({ ids: ["01"], status: 200 }));

afterEach(() => {
  vi.useRealTimers();
});

test("jobs whose events the engine accepted are marked as sent", async () => {
  const { outbox, markSent } = outboxOver(taken);
  const [a, b] = [job(), job()];
  await expect(outbox.send([a, b])).resolves.toBe(true);
  expect(markSent).toHaveBeenCalledExactlyOnceWith([a.id, b.id]);
});

test("no request is made when there is nothing to send", async () => {
  const fetch = vi.fn(taken);
  await expect(outboxOver(fetch).outbox.send([])).resolves.toBe(true);
  expect(fetch).not.toHaveBeenCalled();
});

test("a job that could not be marked as sent stays in the outbox, without an error for the caller", async () => {
  const { outbox } = outboxOver(
    taken,
    vi.fn(() => Promise.reject(new Error("gone"))),
  );
  await expect(outbox.send([job()])).resolves.toBe(false);
});

test("an engine that does not answer delays the caller by at most eight seconds", async () => {
  vi.useFakeTimers();
  const { outbox, markSent } = outboxOver(() => new Promise(() => {}));
  const sending = outbox.send([job()]);
  await vi.advanceTimersByTimeAsync(8_000);
  await expect(sending).resolves.toBe(false);
  expect(markSent).not.toHaveBeenCalled();
});

const minutesFromNow = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000).toISOString();

test("held jobs and jobs due in more than five minutes are not sent; a job due sooner is sent with its time", async () => {
  const sent: { id: string; ts: number }[] = [];
  const { outbox, markSent } = outboxOver(async (input, init) => {
    sent.push(...((await new Request(input, init).json()) as typeof sent));
    return taken();
  });
  const [now, held, soon, late] = [
    job(),
    job({}, { released_at: null }),
    job({}, { released_at: minutesFromNow(5) }),
    job({}, { released_at: minutesFromNow(7) }),
  ];
  await expect(outbox.send([now, held, soon, late])).resolves.toBe(true);
  expect(markSent).toHaveBeenCalledExactlyOnceWith([now.id, soon.id]);
  expect(sent.find(({ id }) => id === soon.id)?.ts).toBe(NOW.getTime() + 5 * 60_000);
});

test("jobs that come while others are being sent leave together, and the last caller waits for all of them", async () => {
  const { outbox, markSent } = outboxOver(taken);
  const jobs = Array.from({ length: 5 }, () => job());
  await Promise.all(jobs.map((one) => outbox.sendTogether(one)));
  const [first, ...rest] = jobs.map(({ id }) => id);
  expect(markSent.mock.calls).toEqual([[[first]], [rest]]);
});

test("an engine that is down gets one request, although more jobs come meanwhile", async () => {
  const fetch = vi.fn(() => Promise.reject(new TypeError("fetch failed")));
  const { outbox } = outboxOver(fetch);
  await Promise.all([job(), job(), job()].map((one) => outbox.sendTogether(one)));
  const once = fetch.mock.calls.length;
  await outbox.sendTogether(job());
  expect(fetch.mock.calls.length).toBe(2 * once);
});

test("flush sends batch after batch until the outbox is empty", async () => {
  const batches = [Array.from({ length: SEND_BATCH }, () => job()), [job()]];
  const { outbox, markSent } = outboxOver(taken, undefined, async () => batches.shift() ?? []);
  await outbox.flush();
  expect(markSent).toHaveBeenCalledTimes(2);
});

const refuses = () => Promise.resolve(Response.json({ error: "refused", status: 400 }, { status: 400 }));

test("large jobs leave in requests that the free plan of Inngest accepts, which is up to 256 KiB", async () => {
  const waiting = [...Array.from({ length: 20 }, () => job({ text: "x".repeat(20_000) })), job()];
  const { outbox, markSent } = outboxOver(
    async (input, init) => ((await new Request(input, init).text()).length > 262_144 ? refuses() : taken()),
    undefined,
    async () => waiting,
  );
  // No request is refused, so no job is sent alone.
  await expect(outbox.send(waiting)).resolves.toBe(true);
  await outbox.flush();
  expect(new Set(markSent.mock.calls.flat(2))).toEqual(new Set(waiting.map(({ id }) => id)));
});

test("flush sends the jobs of a refused batch separately, so that a refused job does not hold up the others", async () => {
  const waiting = [job({ bad: true }), job(), job()];
  const { outbox, markSent } = outboxOver(
    async (input, init) => ((await new Request(input, init).text()).includes("bad") ? refuses() : taken()),
    undefined,
    async () => waiting,
  );
  await outbox.flush();
  expect(new Set(markSent.mock.calls.flat(2))).toEqual(new Set(waiting.slice(1).map(({ id }) => id)));
});

test("flush begins no batch after three seconds, because housekeeping sends the rest", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  let left = 10;
  const { outbox, markSent } = outboxOver(
    taken,
    vi.fn(async () => void vi.advanceTimersByTime(1_000)),
    async () => Array.from({ length: left-- > 0 ? SEND_BATCH : 0 }, () => job()),
  );
  await outbox.flush();
  expect(markSent).toHaveBeenCalledTimes(3);
});

test("flush never throws, and sends one request to an engine that is down", async () => {
  const unsent = vi.fn(async () => Array.from({ length: SEND_BATCH }, () => job()));
  const fetch = vi.fn(() => Promise.reject(new TypeError("fetch failed")));
  await outboxOver(fetch, undefined, unsent, false).outbox.flush();
  expect(unsent).toHaveBeenCalledTimes(1);
  // The SDK tries a request several times.
  expect(fetch.mock.calls.length).toBeLessThan(SEND_BATCH);
  await expect(
    outboxOver(taken, undefined, () => Promise.reject(new Error("gone"))).outbox.flush(),
  ).resolves.toBeUndefined();
});

/** Housekeeping with these jobs; `takes` decides which events the engine accepts. */
async function sendAll(
  waiting: Job[],
  takes: (events: readonly { id: string }[]) => boolean,
  isReachable = true,
  isOver: () => boolean = () => false,
) {
  const send = vi.fn(async (events: unknown) => {
    if (!takes(events as { id: string }[])) throw new Error("refused");
    return { ids: [] };
  });
  const failUnbegun = vi.fn(async (_before: Date, refused: string[]) => refused.length);
  const jobs = { unsent: async () => waiting, markSent: async () => {}, failUnbegun };
  const engine = { isReachable: async () => isReachable };
  const outbox = createOutbox({ inngest: { send }, engine, jobs, clock, logger });
  const report = await sendOutbox({ jobs, outbox, clock }).run({ isOver });
  return { report, send, failUnbegun };
}

test("an event that the engine refuses does not stop the others, and its job fails", async () => {
  const bad = job({ bad: true });
  const waiting = [job(), bad, job()];
  const { report, send, failUnbegun } = await sendAll(
    waiting,
    (jobs) => !jobs.some(({ id }) => id === bad.id),
  );
  expect(report).toEqual({ sent: 2, unbegun: 1 });
  expect(send).toHaveBeenCalledTimes(1 + waiting.length);
  expect(failUnbegun).toHaveBeenCalledExactlyOnceWith(
    new Date(NOW.getTime() - 24 * 60 * 60_000),
    [bad.id],
    expect.any(Number),
  );
});

test("a refused event that is alone in the outbox fails its job too", async () => {
  const { report } = await sendAll([job()], () => false);
  expect(report).toEqual({ sent: 0, unbegun: 1 });
});

test("an engine that is down gets one request, and no job fails", async () => {
  const { report, send } = await sendAll([job(), job(), job()], () => false, false);
  expect(report).toEqual({ sent: 0, unbegun: 0 });
  expect(send).toHaveBeenCalledTimes(1);
});

test("no request of a single job begins after housekeeping's time is over, and the rest is not refused", async () => {
  const waiting = Array.from({ length: 60 }, () => job());
  let sent = 0;
  const takes = (jobs: readonly { id: string }[]) => jobs.length === 1 && ++sent > 0;
  const { report, send } = await sendAll(waiting, takes, true, () => sent > 0);
  expect(report["sent"]).toBeGreaterThan(0);
  expect(report["sent"]).toBeLessThan(waiting.length);
  expect(report["unbegun"]).toBe(0);
  expect(send).toHaveBeenCalledTimes(1 + Number(report["sent"]));
});
