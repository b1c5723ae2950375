/**
 * Whole seconds until a time, never negative. They are rounded up, so that a countdown shows "1" until the time has
 * come.
 */
export const secondsUntil = (atMs: number, nowMs: number): number =>
  Math.max(0, Math.ceil((atMs - nowMs) / 1000));

/** "8 s", "2 min", "1 h 5 min": only as exact as a waiting user needs. */
export function inWords(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

type Retry = { retryAt: string | null; attempts: number; maxAttempts: number };

/** The text on the card of a task that waits for its retry. */
export function retryWords({ retryAt, attempts, maxAttempts }: Retry, nowMs: number): string {
  const seconds = retryAt === null ? 0 : secondsUntil(Date.parse(retryAt), nowMs);
  const attempt = `Attempt ${Math.min(attempts + 1, maxAttempts)} of ${maxAttempts}`;
  return seconds === 0 ? `${attempt} begins` : `${attempt} in ${inWords(seconds)}`;
}
