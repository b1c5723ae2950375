/**
 * The stack's clock. With `npm start -- --ephemeral --time-scale 60` an hour passes in a minute. Every process gets the
 * same variables: TIME_BASE, a moment of real time, and TIME_SCALE. The stack's time is base + (real - base) × scale.
 * Timers keep real time, so code that waits for a moment divides by the scale.
 */
export const timeScale = Number(process.env["TIME_SCALE"] ?? 1);
export const timeBase = Number(process.env["TIME_BASE"] ?? 0);

/** Converts the machine's time to the stack's time. */
export const stackTime = (realMs: number): number =>
  timeScale === 1 ? realMs : Math.floor(timeBase + (realMs - timeBase) * timeScale);
