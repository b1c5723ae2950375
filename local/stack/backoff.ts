const firstMs = 200;
const longestMs = 10_000;
/** A process that ran this long has recovered: when it ends again, the delays start from the shortest. */
const recoveredAfterMs = 30_000;

/**
 * Returns a function that says how long to wait before restarting a process that ran for `livedMs`. The wait grows each
 * time the process ends early.
 */
export function newBackoff(): (livedMs: number) => number {
  let nextMs = firstMs;
  return (livedMs) => {
    const pauseMs = livedMs > recoveredAfterMs ? firstMs : nextMs;
    nextMs = Math.min(pauseMs * 2, longestMs);
    return pauseMs;
  };
}

/** " in 2 s" for the end of a message. The text is empty when the delay is too short to matter. */
export const inSeconds = (pauseMs: number): string => (pauseMs > 1000 ? ` in ${pauseMs / 1000} s` : "");
