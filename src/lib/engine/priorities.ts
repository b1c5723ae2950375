import { z } from "zod";

/**
 * What each class of work is promised, in one table (S4-51, S4-52). A promise is a due time: work is due when its
 * promise ends, and lines go earliest due first. So nothing starves: old work of a low class is due before new work of
 * a high one.
 *
 * `promiseMs`: the work begins within this time; null promises nothing, and our own lines treat it as due in a day.
 * `atOnce`: how many steps of one function may work on it at the same time; classes that share a function share the
 * largest. The SQL has the promises as `private.promise_of`.
 */
type PriorityClass = { name: string; promiseMs: number | null; atOnce: number };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const PRIORITIES = {
  /** Payments, security alerts. */
  1: { name: "critical", promiseMs: SECOND, atOnce: 50 },
  /** Notifications that somebody waits for. */
  2: { name: "high", promiseMs: MINUTE, atOnce: 50 },
  /** Reports, bulk work; what has no priority is of this class. */
  3: { name: "normal", promiseMs: 5 * MINUTE, atOnce: 50 },
  /** Analytics, cleaning up. */
  4: { name: "low", promiseMs: 60 * MINUTE, atOnce: 50 },
  /** Maintenance: whenever there is time. */
  5: { name: "background", promiseMs: null, atOnce: 2 },
} as const satisfies Record<number, PriorityClass>;

export type Priority = keyof typeof PRIORITIES;
export type PriorityName = (typeof PRIORITIES)[Priority]["name"];

export const prioritySchema = z.literal([1, 2, 3, 4, 5]);
export const ALL_PRIORITIES: readonly Priority[] = [1, 2, 3, 4, 5];
export const DEFAULT_PRIORITY: Priority = 3;

/** Inngest documents `priority.run` as -600 to 600 seconds. */
const LONGEST_BOOST_SECONDS = 600;

/**
 * How many seconds earlier than its arrival Inngest orders a run of this class, from 0 to 600. The differences between
 * classes are the differences between their promises, as far as ten minutes reach: P4 and P5 share zero. It must never
 * be negative: Inngest delays such a run by that many seconds, and again at each retry, even when nothing else waits.
 */
export function boostOf(priority: Priority): number {
  const { promiseMs } = PRIORITIES[priority];
  return promiseMs === null ? 0 : Math.max(0, LONGEST_BOOST_SECONDS - promiseMs / SECOND);
}

export function priorityNamed(name: PriorityName): Priority {
  return ALL_PRIORITIES.find((priority) => PRIORITIES[priority].name === name) ?? DEFAULT_PRIORITY;
}

/**
 * An event for work of a class, to be handed to `inngest.send`: the name stays the event's own, the class travels in
 * its data (S4-52). `inngest.send(queueJob("email/send.campaign", { campaignId }, "high"))`.
 */
export const queueJob = <Name extends string, Data extends Record<string, unknown>>(
  name: Name,
  data: Data,
  priority: PriorityName = "normal",
) => ({ name, data: { ...data, priority: priorityNamed(priority) } });
