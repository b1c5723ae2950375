import { Problem } from "./problem.ts";

/** Time and chance, which tests hold in their hands. */
export type Nature = { sleep(ms: number, signal?: AbortSignal): Promise<void>; random(): number };

export const nature: Nature = {
  /** Ends early, and well, when the signal is aborted: whoever sleeps looks at the signal next. */
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake);
    }),
  random: Math.random,
};

const RETRIES = 5;
const CAP_MS = 30_000;

/** 1, 2, 4, 8, 16 s, never more than 30, and up to a second of chance: who failed together comes back apart. */
export const backoffMs = (retry: number, random: number): number =>
  Math.min(1000 * 2 ** retry, CAP_MS) + Math.floor(random * 1000);

/** Tries again what may go well later: as late as `Retry-After` says, else by `backoffMs`, five times. */
export async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  { sleep, random }: Nature,
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem && error.isPassing) || retry === RETRIES) throw error;
      await sleep(error.retryAfterMs ?? backoffMs(retry, random()), signal);
      signal?.throwIfAborted();
    }
  }
}
