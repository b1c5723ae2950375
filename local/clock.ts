/**
 * The stack's clock. `npm start -- --time-scale 60` lets an hour pass in a minute: every process gets the same
 * TIME_BASE (a moment of real time) and TIME_SCALE, and its time is base + (real - base) × scale. Timers are
 * not touched: who waits for a moment divides by the scale.
 */
export const timeScale = Number(process.env["TIME_SCALE"] ?? 1);
export const timeBase = Number(process.env["TIME_BASE"] ?? 0);

/** The stack's time at a moment of the machine's. */
export const stackTime = (realMs: number): number =>
  timeScale === 1 ? realMs : Math.floor(timeBase + (realMs - timeBase) * timeScale);
