import type { Priority, PriorityName } from "#lib/engine/priorities.ts";

export const NORMAL: Priority = 3;

/** A test compares the names with the server's own table. */
export const PRIORITY_NAMES: Readonly<Record<Priority, PriorityName>> = {
  1: "critical",
  2: "high",
  3: "normal",
  4: "low",
  5: "background",
};

export const isPriority = (value: number): value is Priority => Object.hasOwn(PRIORITY_NAMES, value);
