/**
 * Calls that come while one is under way travel together with the next one: under load many small writes become
 * few larger ones, without a timer, and a single call is not delayed at all.
 */
export function groupCalls<Call, Answer>(
  run: (calls: Call[]) => Promise<readonly Answer[]>,
  maxSize: number,
): (call: Call) => Promise<Answer> {
  type Waiting = { call: Call; resolve(answer: Answer): void; reject(error: unknown): void };
  const queue: Waiting[] = [];
  let isRunning = false;

  const drain = async () => {
    isRunning = true;
    while (queue.length > 0) {
      const group = queue.splice(0, maxSize);
      try {
        const answers = await run(group.map(({ call }) => call));
        for (const [index, { resolve, reject }] of group.entries()) {
          const answer = answers[index];
          if (answer === undefined) reject(new Error("A call of the group got no answer"));
          else resolve(answer);
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isRunning = false;
  };
  return (call) =>
    new Promise((resolve, reject) => {
      queue.push({ call, resolve, reject });
      if (!isRunning) void drain();
    });
}
