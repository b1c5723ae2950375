const firstMs = 200;
const longestMs = 10_000;
/** What lived this long has recovered: its next fall is a first one. */
const recoveredAfterMs = 30_000;

/** How long to wait before something is started again that lived for so many milliseconds: longer each time that it died young. */
export function newBackoff(): (livedMs: number) => number {
  let nextMs = firstMs;
  return (livedMs) => {
    const pauseMs = livedMs > recoveredAfterMs ? firstMs : nextMs;
    nextMs = Math.min(pauseMs * 2, longestMs);
    return pauseMs;
  };
}

/** A pause in words, for the end of a sentence; one that nobody notices is none. */
export const inSeconds = (pauseMs: number): string => (pauseMs > 1000 ? ` in ${pauseMs / 1000} s` : "");
