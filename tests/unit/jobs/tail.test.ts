import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createStreams } from "#jobs/stream.ts";
import type { Subject } from "#jobs/stream-events.ts";
import { createTail } from "#jobs/tail.ts";
import type { Changes } from "#jobs/tail-repository.ts";
import type { ServerEvent } from "#lib/http/event-stream.ts";
import { createLogger } from "#lib/logger.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const nothing = (position: string): Changes => ({
  position,
  isComplete: true,
  jobs: [],
  running: [],
  notifications: [],
});
const news = (position: string, text: string, owner = "ann"): Changes => ({
  ...nothing(position),
  notifications: [{ owner, view: text }],
});

/** A ledger that gives these answers, and then says that nothing changed. */
function house(...answers: (Changes | Error)[]) {
  let position = 100;
  const changes = vi.fn(async (_after: string) => {
    const answer = answers.shift() ?? nothing(`${++position}:${position}:`);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const tail = createTail({ live: { changes }, logger });
  return { changes, tail, streams: createStreams({ live: { changes }, tail, lifetimeMs: 60_000 }) };
}

const subject = (start: () => Promise<string>): Subject => ({
  resumes: true,
  place: () => "in",
  present: async () => new Map<string, ServerEvent>(),
  snapshot: async () => ({ position: await start(), events: [] }),
});

async function follow(streams: ReturnType<typeof house>["streams"], start = async () => "1:1:") {
  const answer = await streams.answer(subject(start), {
    request: new Request("http://site.local/api/jobs/stream"),
    requester: { id: "key:a", role: "app", owner: "ann" },
    after: undefined,
  });
  if (!(answer instanceof Response)) throw new Error("no stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  await reader?.read();
  return { read: async () => (await reader?.read())?.value, leave: () => reader?.cancel() };
}
const looks = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("one database query for all open streams", () => {
  test("runs only while there are streams, once for all of them", async () => {
    const { changes, streams } = house();
    await looks(5000);
    const [one, two] = [await follow(streams), await follow(streams)];
    await looks(200);
    expect(changes).toHaveBeenCalledOnce();
    expect(changes).toHaveBeenCalledWith("1:1:", { owner: null, reader: null });
    await one.leave();
    await two.leave();
    await looks(5000);
    expect(changes).toHaveBeenCalledOnce();
  });

  test("runs less often while nothing changes, and more often after a change", async () => {
    const { changes, streams } = house(
      ...Array.from({ length: 9 }, (_, n) => nothing(`${n + 2}:${n + 2}:`)),
      news("20:20:", "hello"),
    );
    const { leave } = await follow(streams);
    await looks(3000);
    const before = changes.mock.calls.length;
    expect(before).toBeLessThan(9);
    while (changes.mock.calls.length < 10) await looks(50);
    await looks(200);
    expect(changes).toHaveBeenCalledTimes(11);
    await leave();
  });

  test("continues from the same position after a query that failed", async () => {
    const { changes, streams } = house(nothing("5:5:"), new Error("no database"), news("6:6:", "hello"));
    const { read, leave } = await follow(streams);
    await looks(2000);
    expect(changes.mock.calls.map(([after]) => after).slice(0, 4)).toEqual(["1:1:", "5:5:", "5:5:", "6:6:"]);
    expect(await read()).toBe('id: 6:6:\nevent: notification\ndata: "hello"\n\n');
    await leave();
  });
});

describe("a stream that is just opening", () => {
  test("receives a change that happens before it is open", async () => {
    const { streams } = house(news("5:5:", "hello"));
    const first = await follow(streams);
    let begun = (_position: string) => {};
    const second = follow(streams, () => new Promise((resolve) => (begun = resolve)));
    await looks(200);
    begun("4:4:");
    const { read, leave } = await second;
    expect(await read()).toBe('id: 4:4:\nevent: notification\ndata: "hello"\n\n');
    await first.leave();
    await leave();
  });

  test("waits for another one that is opening, so that the query does not start between them", async () => {
    const { streams, changes } = house();
    let begun = (_position: string) => {};
    const first = follow(streams, () => new Promise((resolve) => (begun = resolve)));
    const start = vi.fn(async () => "3:3:");
    const second = follow(streams, start);
    await looks(1000);
    expect([start.mock.calls.length, changes.mock.calls.length]).toEqual([0, 0]);
    begun("2:2:");
    for (const { leave } of await Promise.all([first, second])) await leave();
    expect(start).toHaveBeenCalledOnce();
  });

  test("opens when the one before it failed", async () => {
    const { streams } = house();
    const first = follow(streams, () => Promise.reject(new Error("no database")));
    const second = follow(streams);
    await expect(first).rejects.toThrow("no database");
    await (await second).leave();
  });

  test("ends together with all others when there are too many changes to list, so that every client reads again", async () => {
    const { streams } = house({ ...nothing("9:9:"), isComplete: false });
    const first = await follow(streams);
    let begun = (_position: string) => {};
    const second = follow(streams, () => new Promise((resolve) => (begun = resolve)));
    await looks(200);
    begun("2:2:");
    for (const { read } of [first, await second]) expect(await read()).toBeUndefined();
  });
});

test("a stream receives only the notifications of its own reader", async () => {
  const { streams } = house(news("5:5:", "for bob", "bob"), news("6:6:", "for ann"));
  const { read, leave } = await follow(streams);
  await looks(500);
  expect(await read()).toContain("for ann");
  await leave();
});
