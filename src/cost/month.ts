import { estimateOf } from "#cost/estimate.ts";
import { executionsOfCounted } from "#cost/executions.ts";
import type { CostRepository } from "#cost/repository.ts";
import { usageOfCounts } from "#cost/usage.ts";

type Row = Awaited<ReturnType<CostRepository["month"]>>[number];

/** A forecast is made only after this much of the month has passed. */
const ENOUGH_MS = 24 * 60 * 60_000;

/** The month (UTC) of a time: its first day, its beginning and its end. */
export function monthOf(now: Date) {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const start = new Date(Date.UTC(year, month));
  return { first: start.toISOString().slice(0, 10), start, end: new Date(Date.UTC(year, month + 1)) };
}

/** The usage of this month so far, and the usage and cost of the whole month at the same rate. */
export function toMonthView(rows: readonly Row[], now: Date) {
  const { first, start, end } = monthOf(now);
  const byFunction = rows.map((row) => ({
    functionId: row.function_id,
    jobs: row.job_count,
    executions: executionsOfCounted({
      functionId: row.function_id,
      runs: row.run_count,
      retries: row.retry_count,
      fanOuts: row.fan_out_count,
      parts: row.part_count,
      failed: row.failed_count,
    }),
    mails: row.mail_count,
  }));
  const sum = (of: "jobs" | "executions" | "mails") => byFunction.reduce((total, row) => total + row[of], 0);
  const used = { jobs: sum("jobs"), executions: sum("executions"), mails: sum("mails") };
  const elapsedMs = now.getTime() - start.getTime();
  const factor = (end.getTime() - start.getTime()) / elapsedMs;
  const whole = (count: number) => Math.round(count * factor);
  const forecast =
    elapsedMs < ENOUGH_MS
      ? null
      : estimateOf(
          usageOfCounts({
            jobs: whole(used.jobs),
            executions: whole(used.executions),
            mails: whole(used.mails),
          }),
        );
  return { month: first.slice(0, 7), used, byFunction, forecast };
}
