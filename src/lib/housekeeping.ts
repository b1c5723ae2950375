import type { Clock } from "#lib/clock.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import type { Logger } from "#lib/logger.ts";

/** One task of housekeeping. */
export type Chore = {
  name: string;
  /** The task can use up all the time, for instance with deletions, and may wait; so it runs after the other tasks. */
  canWait?: boolean;
  /**
   * Returns counts for the log. The tasks before it may have used up the time, in every run. So a task does its first
   * batch before it asks whether the time is over.
   */
  run: (deadline: Deadline) => Promise<Record<string, number>>;
};
export type Deadline = { isOver(): boolean };

type Dependencies = { chores: readonly Chore[]; clock: Clock; logger: Logger; budgetMs?: number };

/** A scheduled function may run 30 s on Netlify; work that is left over is done five minutes later. */
const BUDGET_MS = 20_000;

/**
 * Housekeeping runs every five minutes outside the engine, so that it still works when the engine does not. A task that
 * fails does not stop the other tasks. At the end the whole run fails, so that Netlify's log shows the error.
 */
export const createHousekeeping = ({ chores, clock, logger, budgetMs = BUDGET_MS }: Dependencies) =>
  async function keepHouse(): Promise<Record<string, Record<string, number>>> {
    const end = clock.now().getTime() + budgetMs;
    const deadline: Deadline = { isOver: () => clock.now().getTime() >= end };
    const report: Record<string, Record<string, number>> = {};
    const failures: unknown[] = [];
    const inOrder = chores.toSorted((a, b) => Number(a.canWait ?? false) - Number(b.canWait ?? false));
    for (const { name, run } of inOrder) {
      try {
        report[name] = await run(deadline);
      } catch (err) {
        logger.error({ err, chore: name }, "housekeeping failed");
        failures.push(err);
      }
    }
    logger.info(report, "housekeeping");
    if (failures.length > 0) {
      throw allOf(failures, `${failures.length} of ${chores.length} chores failed`);
    }
    return report;
  };

/**
 * Does `work` for each item. An item that fails does not stop the other items; the error at the end names the item.
 * Returns for how many items `work` returned true. The first item is done even when no time is left.
 */
export async function eachOf<Item>(
  items: readonly Item[],
  deadline: Deadline,
  nameOf: (item: Item) => string,
  work: (item: Item) => Promise<boolean>,
): Promise<number> {
  let done = 0;
  const failed: { name: string; error: unknown }[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0 && deadline.isOver()) break;
    try {
      if (await work(item)) done++;
    } catch (error) {
      failed.push({ name: nameOf(item), error });
    }
  }
  if (failed.length === 0) return done;
  const errors = failed.map(({ error }) => error);
  const names = failed.slice(0, 3).map(({ name }) => name);
  throw allOf(errors, `${failed.length} failed (${names.join(", ")}), ${done} done`);
}

/** Combines several failures into one error with the first code among them. */
const allOf = (failures: readonly unknown[], message: string): AppError =>
  new AppError(failures.map(codeOf).find((code) => code !== undefined) ?? "internal", message, {
    cause: new AggregateError(failures),
  });
