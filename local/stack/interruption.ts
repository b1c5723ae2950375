import { endWithParent } from "#stack/parent.ts";

/**
 * npm forwards Ctrl-C to us, although the terminal has already sent it: a second signal within this time is the same
 * one.
 */
const sameInterruptMs = 500;

/**
 * Aborted by Ctrl-C, by a termination signal, or when the parent process is gone: then everything is ended in order. At
 * a second request the process exits at once with 130, and the parts notice that and end by themselves.
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

/** The result of the work, or the signal's reason as soon as that is aborted; the work itself continues. */
export const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  Promise.race([work, aborted(signal).then(() => Promise.reject(signal.reason))]);
