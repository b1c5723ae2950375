import { z } from "zod";

/**
 * The promise of each priority (S4-51, S4-52). A promise gives work a due time, and the earliest due work runs first.
 * Every class gets its share, because old work of a low class is due before new work of a high class.
 *
 * - `promiseMs`: the work begins within this time. Null: there is no promise; our own queues treat such work as due in
 *   a day.
 * - `atOnce`: how many steps of one function may work on the class at once. Classes that share a function share the
 *   largest of their limits.
 * The SQL function `private.promise_of` returns the same promises.
 */
type PriorityClass = { name: string; promiseMs: number | null; atOnce: number };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const PRIORITIES = {
  /** Payments, security alerts. */
  1: { name: "critical", promiseMs: SECOND, atOnce: 50 },
  /** Notifications that a person waits for. */
  2: { name: "high", promiseMs: MINUTE, atOnce: 50 },
  /** Reports, bulk work, and all work without a priority. */
  3: { name: "normal", promiseMs: 5 * MINUTE, atOnce: 50 },
  /** Analytics and cleanup. */
  4: { name: "low", promiseMs: 60 * MINUTE, atOnce: 50 },
  /** Maintenance, at any time. */
  5: { name: "background", promiseMs: null, atOnce: 2 },
} as const satisfies Record<number, PriorityClass>;

export type Priority = keyof typeof PRIORITIES;
export type PriorityName = (typeof PRIORITIES)[Priority]["name"];

export const prioritySchema = z.literal([1, 2, 3, 4, 5]);
export const ALL_PRIORITIES: readonly Priority[] = [1, 2, 3, 4, 5];
export const DEFAULT_PRIORITY: Priority = 3;

/** Inngest allows `priority.run` from -600 to 600 seconds. */
const LONGEST_BOOST_SECONDS = 600;

/**
 * Inngest orders runs by their time of arrival, and moves a run of this class forward by this many seconds: 0 to 600.
 * Classes differ by as much as their promises differ, up to ten minutes, so P4 and P5 both get zero. The number must
 * not be negative, because Inngest would delay the run by that time, again at each retry, even when no other run waits.
 */
export function boostOf(priority: Priority): number {
  const { promiseMs } = PRIORITIES[priority];
  return promiseMs === null ? 0 : Math.max(0, LONGEST_BOOST_SECONDS - promiseMs / SECOND);
}

export function priorityNamed(name: PriorityName): Priority {
  return ALL_PRIORITIES.find((priority) => PRIORITIES[priority].name === name) ?? DEFAULT_PRIORITY;
}

/**
 * Makes an event of a priority class for `inngest.send`. The event keeps its name, and its data contains the class
 * (S4-52): `inngest.send(queueJob("email/send.campaign", { campaignId }, "high"))`.
 */
export const queueJob = <Name extends string, Data extends Record<string, unknown>>(
  name: Name,
  data: Data,
  priority: PriorityName = "normal",
) => ({ name, data: { ...data, priority: priorityNamed(priority) } });
