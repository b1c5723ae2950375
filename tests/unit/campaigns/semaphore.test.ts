import { describe, expect, test } from "vitest";
import { Semaphore } from "#campaigns/semaphore.ts";

describe("permits", () => {
  test("never more than the limit at once, in the order of asking, and a failure gives its permit back", async () => {
    const permits = new Semaphore(3);
    const order: number[] = [];
    let [held, most] = [0, 0];
    const work = async (n: number) => {
      order.push(n);
      most = Math.max(most, ++held);
      await new Promise((resolve) => setImmediate(resolve));
      held -= 1;
      if (n % 4 === 0) throw new Error("failed");
    };
    await Promise.allSettled(Array.from({ length: 20 }, (_, n) => permits.hold(() => work(n))));
    expect(most).toBe(3);
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(await permits.hold(async () => "free")).toBe("free");
  });
});
