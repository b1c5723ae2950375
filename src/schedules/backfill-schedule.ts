import type { OnFailure } from "#dead-letters/on-failure.ts";
import { onlyPart } from "#jobs/only-part.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import type { Schedule } from "#lib/schedule.ts";
import { jobOf, requireRecentPast, slotsOf, toBackfilled } from "#schedules/backfill.ts";
import { isExcluded } from "#schedules/decide.ts";
import { backfillRequested } from "#schedules/events.ts";
import type { ScheduleRepository } from "#schedules/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  schedules: Pick<ScheduleRepository, "backfill">;
  declared: readonly Schedule[];
  parts: Pick<Parts, "plan" | "work">;
  flow: FlowControl;
  clock: Clock;
  onFailure: OnFailure;
};

/** Slots in one statement. */
const BATCH = 50;

/**
 * Accepts a job for each slot of a past period that has no job. Each slot gets one job, even if the run dies several
 * times, because the part of the backfill's job stores the position, and a slot's row names its job.
 */
export const backfillSchedule = ({
  inngest,
  schedules,
  declared,
  parts,
  flow,
  clock,
  onFailure,
}: Dependencies) =>
  inngest.createFunction(
    {
      id: "backfill-schedule",
      triggers: [backfillRequested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("backfill-schedule"),
      onFailure,
    },
    async (run) => {
      const { data } = run.event;
      const schedule = declared.find(({ name }) => name === data.schedule);
      if (schedule === undefined) throw new AppError("not_found", `No schedule is named ${data.schedule}`);
      const job = jobOf(schedule);
      const slots = slotsOf(data);
      const part = await onlyPart(parts, run, "backfill-schedule", async () => ({
        parts: slots.length === 0 ? [] : [{ first: 1, last: slots.length, total: slots.length }],
        cursor: null,
        result: { schedule: schedule.name },
      }));
      if (part === undefined) return { slots: 0 };
      await parts.work(part, { policy: "dataSync" }, async (claimed, time) => {
        // The job may have waited for days since it was accepted.
        requireRecentPast(data, clock.now());
        for (let { next } = claimed; ; next += BATCH) {
          const batch = slots.slice(next - 1, next - 1 + BATCH);
          const open = batch.filter((slot) => !isExcluded(schedule, slot));
          const state = await schedules.backfill(claimed, {
            from: next,
            next: next + batch.length,
            schedule: schedule.name,
            reason: `backfilled by ${data.by}`,
            slots: open.map((slot) => toBackfilled({ name: schedule.name, job }, slot)),
          });
          if (state !== "open" || time.isLate()) return state;
        }
      });
      return { slots: slots.length };
    },
  );
