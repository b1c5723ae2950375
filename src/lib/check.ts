import type { Clock } from "#lib/clock.ts";
import { withTimeout } from "#lib/timeout.ts";

/** One thing that must answer before work can be done. `problem` says what is wrong with it; null: nothing. */
export type Check = { name: string; problem(this: void): Promise<string | null> };

const PATIENCE_MS = 5_000;
/** Strangers may ask whether we are ready: the services behind a check are asked no more often than this. */
const GOOD_FOR_MS = 5_000;
const BAD_FOR_MS = 500;

/** The same check with an answer that comes after five seconds at the latest, and holds for a while. */
export function sparing({ name, problem }: Check, clock: Clock): Check {
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

/** What went wrong may quote a key or an address: strangers are told that nothing answered. */
const silent = (): string => "does not answer";

/** What the status of a harmless question says about the service and the key it was asked with. */
export function problemOfStatus(service: string, keyName: string, status: number): string | null {
  if (status === 401 || status === 403) return `${service} refuses our ${keyName}`;
  return status >= 500 ? `${service} does not answer` : null;
}
