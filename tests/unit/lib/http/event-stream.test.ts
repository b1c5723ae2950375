import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventList, eventStream, type Sink } from "#lib/http/event-stream.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open({ lifetimeMs = 9000, random = (): number => 0 } = {}) {
  let sink: Sink = { send() {}, end() {} };
  const unfeed = vi.fn();
  const response = eventStream({
    lifetimeMs,
    random,
    feed(opened) {
      sink = opened;
      return unfeed;
    },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return { sink, unfeed, read: async () => (await reader?.read())?.value, cancel: () => reader?.cancel() };
}
const job = (n: number) => ({ event: "job", data: { n } });

test("a batch is written at once, and its last message has the position as its id", async () => {
  const { sink, read } = open();
  expect(await read()).toBe("retry: 200\n\n");
  sink.send([job(1), job(2)], "5:5:");
  expect(await read()).toBe('event: job\ndata: {"n":1}\n\nid: 5:5:\nevent: job\ndata: {"n":2}\n\n');
});

test("a heartbeat every 3 s has the newest position", async () => {
  const { sink, read } = open();
  await read();
  sink.send([job(1)], "5:5:");
  await read();
  sink.send([], "6:6:");
  vi.advanceTimersByTime(3000);
  expect(await read()).toBe("id: 6:6:\n\n");
});

test("a stream ends at a random time near its lifetime, and stops its source", async () => {
  const early = open({ random: () => 1 });
  const late = open({ random: () => 0 });
  for (const { read } of [early, late]) await read();
  vi.advanceTimersByTime(7200);
  expect([early.unfeed.mock.calls.length, late.unfeed.mock.calls.length]).toEqual([1, 0]);
  vi.advanceTimersByTime(1800);
  expect(late.unfeed).toHaveBeenCalledOnce();
  late.sink.send([job(1)], "7:7:");
  while ((await late.read()) !== undefined);
  expect(vi.getTimerCount()).toBe(0);
});

test("a client that disconnects frees the source and the timers", async () => {
  const { read, cancel, unfeed } = open();
  await read();
  await cancel();
  expect(unfeed).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test("a client that does not read is disconnected after 256 KB", async () => {
  const { sink, unfeed } = open();
  const large = { event: "job", data: "x".repeat(100_000) };
  let sent = 0;
  while (unfeed.mock.calls.length === 0 && sent < 100) {
    sink.send([large], "5:5:");
    sent += 1;
  }
  // 256 KB and the message that exceeded them; the test's own pipe holds one more.
  expect(sent).toBeLessThan(6);
});

test("a stream that is ended while it opens stops its source", () => {
  const unfeed = vi.fn();
  eventStream({
    lifetimeMs: 9000,
    feed(sink) {
      sink.end();
      return unfeed;
    },
  });
  expect(unfeed).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test("in the JSON form the last message has the position too, and an empty list has one message with it", () => {
  expect(eventList([job(1), job(2)], "5:5:").messages).toEqual([job(1), { ...job(2), id: "5:5:" }]);
  expect(eventList([], "5:5:").messages).toEqual([{ event: "position", data: null, id: "5:5:" }]);
});
