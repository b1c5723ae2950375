import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { groupCalls } from "#campaigns/group-calls.ts";

/** A statement that takes until it is let go; its answers are the calls, doubled. */
function statement() {
  const groups: number[][] = [];
  const under: { answer(answers?: number[]): void; fail(error: Error): void }[] = [];
  const run = (calls: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      groups.push(calls);
      under.push({ answer: (answers = calls.map((n) => 2 * n)) => resolve(answers), fail: reject });
    });
  const letGo = () => under.shift() ?? expect.fail("nothing is under way");
  return { groups, run, letGo };
}

/** The default is a second: little for a machine that does much else. */
const patiently = { timeout: 60_000 };

describe("calls in groups", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("the first goes alone and at once; who comes meanwhile goes together, in order, as many as a group takes", async () => {
    const { groups, run, letGo } = statement();
    const call = groupCalls(run, { maxSize: 3, lingerMs: 0 });
    const answers = Promise.all([1, 2, 3, 4, 5].map(call));
    expect(groups).toEqual([[1]]);
    letGo().answer();
    await vi.waitFor(() => expect(groups).toEqual([[1], [2, 3, 4]]), patiently);
    letGo().answer();
    await vi.waitFor(() => expect(groups).toHaveLength(3), patiently);
    letGo().answer();
    expect(await answers).toEqual([2, 4, 6, 8, 10]);
  });

  test("after a group of several the next one lingers for company; alone nobody waits", async () => {
    const { groups, run, letGo } = statement();
    const call = groupCalls(run, { maxSize: 3, lingerMs: 25 });
    const alone = call(1);
    letGo().answer();
    await alone;
    await new Promise((resolve) => setImmediate(resolve));
    const together = Promise.all([2, 3, 4].map(call));
    expect(groups).toEqual([[1], [2]]);
    letGo().answer();
    await vi.waitFor(() => expect(groups).toEqual([[1], [2], [3, 4]]), patiently);
    letGo().answer();
    await together;
    const late = Promise.all([5, 6].map(call));
    await vi.advanceTimersByTimeAsync(24);
    expect(groups).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(groups.slice(3)).toEqual([[5, 6]]);
    letGo().answer();
    expect(await late).toEqual([10, 12]);
  });

  test("a group that fails fails for its own calls alone, and a call without an answer says so", async () => {
    const { groups, run, letGo } = statement();
    const call = groupCalls(run, { maxSize: 2, lingerMs: 0 });
    const answers = Promise.allSettled([1, 2, 3, 4, 5].map(call));
    letGo().answer();
    await vi.waitFor(() => expect(groups).toHaveLength(2), patiently);
    letGo().fail(new Error("away"));
    await vi.waitFor(() => expect(groups).toHaveLength(3), patiently);
    letGo().answer([8]);
    const told = (await answers).map((one) => (one.status === "fulfilled" ? one.value : String(one.reason)));
    expect(told).toEqual([2, "Error: away", "Error: away", 8, "Error: A call of the group got no answer"]);
  });
});
