import { endWithParent } from "#stack/parent.ts";

/** npm hands Ctrl-C on to us, whom the terminal has told already: what follows within this time is the same one. */
const sameInterruptMs = 500;

/**
 * Aborted by Ctrl-C, by a request to end, or when whoever started us is gone: then all is to be ended in order. Who asks a second
 * time does not want to wait for that: the process exits with 130, and the parts end by their own watches.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let askedAt: number | undefined;
  const ask = () => {
    if (askedAt !== undefined && performance.now() - askedAt > sameInterruptMs) process.exit(130);
    askedAt ??= performance.now();
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, ask);
  endWithParent(() => controller.abort());
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** What the work comes to, or the signal's reason at once when that is aborted first; the work itself goes on. */
export const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  Promise.race([work, aborted(signal).then(() => Promise.reject(signal.reason))]);
