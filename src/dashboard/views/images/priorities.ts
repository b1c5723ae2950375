import type { Priority, PriorityName } from "#lib/priorities.ts";

export const NORMAL: Priority = 3;

const NAMES: Record<Priority, PriorityName> = {
  1: "critical",
  2: "high",
  3: "normal",
  4: "low",
  5: "background",
};

export const nameOf = (priority: Priority): PriorityName => NAMES[priority];
export const isPriority = (value: number): value is Priority => Object.hasOwn(NAMES, value);

/** What one may choose; the documents call the one above normal VIP. */
export const CHOICES: readonly { value: Priority; text: string }[] = [
  { value: 1, text: "1 · critical" },
  { value: 2, text: "2 · high (VIP)" },
  { value: 3, text: "3 · normal" },
  { value: 4, text: "4 · low" },
  { value: 5, text: "5 · background" },
];
