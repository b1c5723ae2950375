import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPolling, LEAST_PAUSE_MS } from "#dashboard/polling.ts";

const EVERY_MS = 15_000;

/** The times of the requests in ms; each answer takes `answerMs`. */
function polled(answerMs = 0, pauseMs = EVERY_MS) {
  const start = Date.now();
  const asked: number[] = [];
  const polling = createPolling(async () => {
    asked.push(Date.now() - start);
    await new Promise((resolve) => setTimeout(resolve, answerMs));
    return pauseMs;
  });
  return { ...polling, asked };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("what is shown is asked for", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("at once, and again so long after each answer, until it is over", async () => {
    const { asked, stop } = polled(1000);
    await pass(33_000);
    expect(asked).toEqual([0, 16_000, 32_000]);
    stop();
    await pass(100_000);
    expect(asked).toHaveLength(3);
  });

  it("at once on news, but where there is news all the time every two seconds", async () => {
    const { asked, soon } = polled();
    await pass(5000);
    for (let n = 0; n < 50; n += 1) {
      soon();
      await pass(100);
    }
    expect(asked).toEqual([0, 5000, 5000 + LEAST_PAUSE_MS, 5000 + 2 * LEAST_PAUSE_MS]);
  });

  it("one question at a time: news that comes meanwhile is asked for after the answer", async () => {
    const { asked, soon } = polled(8000);
    await pass(3000);
    soon();
    soon();
    await pass(4999);
    expect(asked).toEqual([0]);
    await pass(2);
    expect(asked).toEqual([0, 8001]);
  });

  it("at once by whoever has changed something, also when an older answer is on its way", async () => {
    const { asked, now } = polled(100);
    await pass(50);
    now();
    await pass(51);
    expect(asked).toEqual([0, 101]);
    await pass(500);
    now();
    await pass(0);
    expect(asked).toEqual([0, 101, 601]);
  });

  it("not by itself what another question would not change, but on news", async () => {
    const { asked, soon } = polled(0, Number.POSITIVE_INFINITY);
    await pass(1_000_000);
    expect(asked).toEqual([0]);
    soon();
    await pass(0);
    expect(asked).toHaveLength(2);
  });
});
