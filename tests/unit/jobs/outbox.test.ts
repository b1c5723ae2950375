import { randomUUID } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { createOutbox } from "#jobs/outbox.ts";
import type { Job } from "#jobs/rows.ts";
import { sendOutbox } from "#jobs/send-outbox.ts";
import { SEND_BATCH } from "#jobs/send-unsent.ts";
import { createInngest } from "#lib/engine/inngest.ts";
import { AppError } from "#lib/errors.ts";
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

test("an engine that does not answer delays the caller by at most three seconds", async () => {
  vi.useFakeTimers();
  const { outbox, markSent } = outboxOver(() => new Promise(() => {}));
  const sending = outbox.send([job()]);
  await vi.advanceTimersByTimeAsync(3_000);
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

test("flush begins no separate request after three seconds, so a batch that is refused too late is left", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const fetch = vi.fn(() => {
    vi.advanceTimersByTime(4_000);
    return refuses();
  });
  await outboxOver(fetch, undefined, async () => [job(), job()]).outbox.flush();
  expect(fetch).toHaveBeenCalledTimes(1);
});

test.each([
  ["one request", () => [job(), job()]],
  ["several requests", () => Array.from({ length: 5 }, () => job({ text: "x".repeat(200_000) }))],
])("flush ends after the first request to an engine that hangs: %s", async (_, waiting) => {
  vi.useFakeTimers();
  const fetch = vi.fn(() => new Promise<Response>(() => {}));
  const flushing = outboxOver(fetch, undefined, async () => waiting()).outbox.flush();
  await vi.advanceTimersByTimeAsync(3_000);
  await flushing;
  expect(fetch).toHaveBeenCalledTimes(1);
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
  expect(fetch).toHaveBeenCalledTimes(1);
  await expect(
    outboxOver(taken, undefined, () => Promise.reject(new Error("gone"))).outbox.flush(),
  ).resolves.toBeUndefined();
});

type Sent = { id: string; data: { bad?: true } }[];
const isBad = (events: Sent) => events.some(({ data }) => data.bad);

/** An engine that answers each request with `statusOf(events)`, and an outbox of these jobs for the engine. */
function house(waiting: readonly Job[], statusOf: (events: Sent) => number, isReachable = true) {
  const sent = new Set<string>();
  const markSent = vi.fn(async (ids: string[]) => ids.forEach((id) => sent.add(id)));
  const unsent = async (_age: number, _ahead: number, limit: number, except: string[]) =>
    waiting.filter(({ id }) => !sent.has(id) && !except.includes(id)).slice(0, limit);
  const failUnbegun = vi.fn(async (_before: Date, refused: string[]) => refused.length);
  const requests: Sent[] = [];
  const outbox = createOutbox({
    inngest: createInngest({ env, fetch: answer, logger }),
    engine: { isReachable: async () => isReachable },
    jobs: { markSent, unsent },
    clock,
    logger,
  });
  const keepHouse = (isOver = () => false) =>
    sendOutbox({ jobs: { failUnbegun }, outbox, clock }).run({ isOver });
  return { outbox, keepHouse, requests, sent, markSent, failUnbegun };

  async function answer(input: RequestInfo | URL, init?: RequestInit) {
    const events = (await new Request(input, init).json()) as Sent;
    requests.push(events);
    const status = statusOf(events);
    return status === 200 ? taken() : Response.json({ error: "refused", status }, { status });
  }
}
const jobsOf = (count: number, data: Job["event_data"] = {}) =>
  Array.from({ length: count }, () => job(data));
const idsOf = (jobs: readonly Job[]) => new Set(jobs.map(({ id }) => id));
const refusing = (status: number) => (events: Sent) => (isBad(events) ? status : 200);

test.each(["flush", "housekeeping"])(
  "%s sends the jobs after those that the engine always refuses, however many these are",
  async (by) => {
    const [bad, good] = [jobsOf(2 * SEND_BATCH, { bad: true }), jobsOf(3)];
    const { outbox, keepHouse, requests, sent } = house([...bad, ...good], refusing(400));
    await (by === "flush" ? outbox.flush() : keepHouse(() => requests.length > 1_000));
    expect(sent).toEqual(idsOf(good));
  },
);

test("the jobs of a refused batch are sent separately, at most 20 at the same time", async () => {
  const waiting = jobsOf(SEND_BATCH);
  let [now, most] = [0, 0];
  const { outbox, requests, sent, markSent } = house(waiting, ({ length }) => (length > 1 ? 400 : 200));
  markSent.mockImplementation(async ([id]) => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
    if (id !== undefined) sent.add(id);
  });
  await outbox.flush();
  expect(requests).toHaveLength(1 + waiting.length);
  expect(most).toBe(20);
});

test("a job whose event the engine refuses fails after a day, and does not stop the others", async () => {
  const [bad] = jobsOf(1, { bad: true });
  const { keepHouse, failUnbegun } = house(
    [...jobsOf(1), ...(bad ? [bad] : []), ...jobsOf(1)],
    refusing(413),
  );
  await expect(keepHouse()).resolves.toEqual({ sent: 2, unbegun: 1 });
  expect(failUnbegun).toHaveBeenCalledExactlyOnceWith(
    new Date(NOW.getTime() - 24 * 60 * 60_000),
    [bad?.id],
    expect.any(Number),
  );
});

test("a refused event that is alone in the outbox fails its job too", async () => {
  const { keepHouse, requests } = house(jobsOf(1, { bad: true }), refusing(400));
  await expect(keepHouse()).resolves.toEqual({ sent: 0, unbegun: 1 });
  expect(requests).toHaveLength(1);
});

test.each([408, 500, 503])(
  "an event that gets a %i is not refused, and the others are sent",
  async (status) => {
    const { keepHouse } = house([...jobsOf(2, { bad: true }), ...jobsOf(2)], refusing(status));
    await expect(keepHouse()).resolves.toEqual({ sent: 2, unbegun: 0 });
  },
);

test.each([401, 403, 404, 429])(
  "a %i refuses no event, and no further request follows it",
  async (status) => {
    const { keepHouse, requests } = house(jobsOf(SEND_BATCH + 1), () => status);
    await expect(keepHouse()).resolves.toEqual({ sent: 0, unbegun: 0 });
    expect(requests).toHaveLength(1);
  },
);

test("an engine that takes no more events in the middle of a refused batch gets no further requests", async () => {
  let left = 20;
  const { keepHouse, requests } = house(jobsOf(SEND_BATCH), ({ length }) =>
    length > 1 ? 400 : left-- > 0 ? 200 : 429,
  );
  await expect(keepHouse()).resolves.toEqual({ sent: 20, unbegun: 0 });
  expect(requests).toHaveLength(1 + 40);
});

test("an engine that is down gets one request, and no job fails", async () => {
  const { keepHouse, requests } = house(jobsOf(3), () => 503, false);
  await expect(keepHouse()).resolves.toEqual({ sent: 0, unbegun: 0 });
  expect(requests).toHaveLength(1);
});

test("a job that could not be marked as sent is not refused: the chore fails", async () => {
  const { keepHouse, markSent, failUnbegun } = house(
    [...jobsOf(1, { bad: true }), ...jobsOf(1)],
    refusing(400),
  );
  markSent.mockRejectedValue(new AppError("database_unavailable", "gone"));
  await expect(keepHouse()).rejects.toMatchObject({ code: "database_unavailable" });
  expect(failUnbegun).not.toHaveBeenCalled();
});

test("an answer that is no answer of the engine does not count as taken", async () => {
  const { outbox, markSent } = outboxOver(
    async () => new Response("<html>"),
    undefined,
    async () => [job()],
  );
  await outbox.flush();
  expect(markSent).not.toHaveBeenCalled();
});

test("no separate request begins after housekeeping's time is over, and the rest is not refused", async () => {
  let singles = 0;
  const { keepHouse, requests } = house(jobsOf(60), ({ length }) => (length > 1 ? 400 : ++singles && 200));
  await expect(keepHouse(() => singles > 0)).resolves.toEqual({ sent: 20, unbegun: 0 });
  expect(requests).toHaveLength(1 + 20);
});

test("housekeeping sends a batch even when other chores used up the time", async () => {
  const { keepHouse } = house(jobsOf(SEND_BATCH + 1), () => 200);
  await expect(keepHouse(() => true)).resolves.toEqual({ sent: SEND_BATCH, unbegun: 0 });
});
