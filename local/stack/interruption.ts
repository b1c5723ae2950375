import { endWithParent } from "#stack/parent.ts";

/**
 * npm forwards Ctrl-C to this process, although the terminal has already sent the same signal. So a second signal
 * within this time counts as the first one.
 */
const sameInterruptMs = 500;

/**
 * An AbortSignal that is aborted by SIGINT (Ctrl-C), SIGTERM, SIGHUP, or the end of the parent process. Everything is
 * then ended in order. A second Ctrl-C ends this process at once with 130; its child processes notice its end, and then
 * end too.
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

/**
 * Resolves with the result of the work, or rejects with the signal's reason as soon as the signal is aborted. The work
 * itself continues.
 */
export const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  Promise.race([work, aborted(signal).then(() => Promise.reject(signal.reason))]);
