/** Waiting for conditions: the suites never sleep for a guessed number of milliseconds. */

const POLL_MS = 25;

export class NeverHappened extends Error {}

/** Polls until the answer is neither undefined nor false; a failure says what was awaited, and the last answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, seen = (): unknown => undefined } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) {
      throw new NeverHappened(`${what}: not within ${timeoutMs} ms; last seen: ${JSON.stringify(seen())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
