/**
 * JSON with more levels than this is refused. The real server allows 10,000 levels, but JavaScript's stack is too small
 * for them.
 */
const mostLevels = 1_000;

export class TooDeep extends Error {
  constructor() {
    super(`JSON nested deeper than ${mostLevels} levels is not modelled by the local engine.`);
    this.name = "TooDeep";
  }
}

/**
 * JSON as the server passes it on: keys are sorted, and U+FFFD replaces a lone surrogate, for which `onHalf` is called.
 * Throws `TooDeep`.
 */
export function passedOn<T>(value: T, onHalf?: () => void): T;
export function passedOn(value: unknown, onHalf?: () => void): unknown {
  return sorted(value, onHalf, 0);
}

function sorted(value: unknown, onHalf: (() => void) | undefined, level: number): unknown {
  if (typeof value === "string") {
    if (value.isWellFormed()) return value;
    onHalf?.();
    return value.toWellFormed();
  }
  if (typeof value !== "object" || value === null) return value;
  if (level === mostLevels) throw new TooDeep();
  if (Array.isArray(value)) return value.map((item: unknown) => sorted(item, onHalf, level + 1));
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, item]) => [passedOn(key, onHalf), sorted(item, onHalf, level + 1)]),
  );
}
