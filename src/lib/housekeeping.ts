import type { Clock } from "#lib/clock.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import type { Logger } from "#lib/logger.ts";

/** One piece of housekeeping: what it did, in numbers for the log. */
export type Chore = { name: string; run: (deadline: Deadline) => Promise<Record<string, number>> };
export type Deadline = { isOver(): boolean };

type Dependencies = { chores: readonly Chore[]; clock: Clock; logger: Logger; budgetMs?: number };

/** A scheduled function lives 30 s on Netlify; what is not done now is done in five minutes. */
const BUDGET_MS = 20_000;

/**
 * Runs every five minutes outside the engine, so that it does not hang on what it watches. A chore that fails does
 * not keep the others from their turn; the whole still fails, so that the platform's log shows it.
 */
export const createHousekeeping = ({ chores, clock, logger, budgetMs = BUDGET_MS }: Dependencies) =>
  async function keepHouse(): Promise<Record<string, Record<string, number>>> {
    const end = clock.now().getTime() + budgetMs;
    const deadline: Deadline = { isOver: () => clock.now().getTime() >= end };
    const report: Record<string, Record<string, number>> = {};
    const failures: unknown[] = [];
    for (const { name, run } of chores) {
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

/** Several failures as one to throw: it has the first code that one of them has. */
export const allOf = (failures: readonly unknown[], message: string): AppError =>
  new AppError(failures.map(codeOf).find((code) => code !== undefined) ?? "internal", message, {
    cause: new AggregateError(failures),
  });
