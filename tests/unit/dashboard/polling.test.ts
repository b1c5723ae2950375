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

describe("the page's polling", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks at once, and again after a pause from each answer, until it is stopped", async () => {
    const { asked, stop } = polled(1000);
    await pass(33_000);
    expect(asked).toEqual([0, 16_000, 32_000]);
    stop();
    await pass(100_000);
    expect(asked).toHaveLength(3);
  });

  it("asks at once after a change, but at most every two seconds", async () => {
    const { asked, soon } = polled();
    await pass(5000);
    for (let n = 0; n < 50; n += 1) {
      soon();
      await pass(100);
    }
    expect(asked).toEqual([0, 5000, 5000 + LEAST_PAUSE_MS, 5000 + 2 * LEAST_PAUSE_MS]);
  });

  it("sends one request at a time: a change during a request is asked for after its answer", async () => {
    const { asked, soon } = polled(8000);
    await pass(3000);
    soon();
    soon();
    await pass(4999);
    expect(asked).toEqual([0]);
    await pass(2);
    expect(asked).toEqual([0, 8001]);
  });

  it("asks at once after the user's own change, even if an older answer is still on its way", async () => {
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

  it("asks only after a change when the interval is infinite", async () => {
    const { asked, soon } = polled(0, Number.POSITIVE_INFINITY);
    await pass(1_000_000);
    expect(asked).toEqual([0]);
    soon();
    await pass(0);
    expect(asked).toHaveLength(2);
  });
});
