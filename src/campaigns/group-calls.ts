import { setImmediate as nextTurn } from "node:timers/promises";

type GroupOptions = {
  /** Calls of one group at most. */
  maxSize: number;
  /** How long after a group of several the next one waits for company; a call that comes alone never waits. */
  lingerMs: number;
};

/**
 * Calls that come while others are under way travel together with the next group: under load many small writes
 * become few larger ones.
 */
export function groupCalls<Call, Answer>(
  run: (calls: Call[]) => Promise<readonly Answer[]>,
  { maxSize, lingerMs }: GroupOptions,
): (call: Call) => Promise<Answer> {
  type Waiting = { call: Call; resolve(answer: Answer): void; reject(error: unknown): void };
  const queue: Waiting[] = [];
  let isRunning = false;

  const drain = async () => {
    isRunning = true;
    while (queue.length > 0) {
      const size = await runGroup(queue.splice(0, maxSize));
      if (size > 1 && queue.length < maxSize && lingerMs > 0)
        await new Promise((resolve) => setTimeout(resolve, lingerMs));
    }
    isRunning = false;
  };
  const runGroup = async (group: readonly Waiting[]) => {
    try {
      void handOut(group, await run(group.map(({ call }) => call)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    return group.length;
  };
  // One in each turn of the event loop: what the callers do with their answers must not hold up everything else.
  const handOut = async (group: readonly Waiting[], answers: readonly Answer[]) => {
    for (const [index, { resolve, reject }] of group.entries()) {
      if (index > 0) await nextTurn();
      const answer = answers[index];
      if (answer === undefined) reject(new Error("A call of the group got no answer"));
      else resolve(answer);
    }
  };
  return (call) =>
    new Promise((resolve, reject) => {
      queue.push({ call, resolve, reject });
      if (!isRunning) void drain();
    });
}
