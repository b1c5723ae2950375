import type { Clock } from "#lib/clock.ts";
import { withTimeout } from "#lib/timeout.ts";

/**
 * A service that must answer before work can be done. `problem` describes what is wrong with the service, or returns
 * null.
 */
export type Check = { name: string; problem(this: void): Promise<string | null> };

const PATIENCE_MS = 5_000;
/** A check asks its service at most once in this time, because everyone may call `/api/ready`. */
const GOOD_FOR_MS = 5_000;
const BAD_FOR_MS = 500;

/** Limits a check: it waits at most five seconds for an answer, and reuses the answer for a short time. */
export function cachedCheck({ name, problem }: Check, clock: Clock): Check {
  let known: { answer: Promise<string | null>; untilMs: number } | undefined;
  const ask = () => {
    const answer = withTimeout(problem(), PATIENCE_MS, "internal").catch(silent);
    const latest = { answer, untilMs: Number.POSITIVE_INFINITY };
    void answer.then((found) => {
      latest.untilMs = clock.now().getTime() + (found === null ? GOOD_FOR_MS : BAD_FOR_MS);
    });
    return latest;
  };
  return {
    name,
    problem() {
      if (known === undefined || known.untilMs <= clock.now().getTime()) known = ask();
      return known.answer;
    },
  };
}

/** An error message may quote a key or an address, so a public answer contains only this fixed text. */
const silent = (): string => "does not answer";

/** Judges a service, and the key that we sent, by the status of its answer to a harmless request. */
export function problemOfStatus(service: string, keyName: string, status: number): string | null {
  if (status === 401 || status === 403) return `${service} refuses our ${keyName}`;
  return status >= 500 ? `${service} does not answer` : null;
}
