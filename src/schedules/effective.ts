import type { Schedule } from "#lib/schedule.ts";
import type { ScheduleRow } from "./repository.ts";

/** The schedule with the times that an operator has set, or else with the declared times. */
export const effective = (
  schedule: Schedule,
  { operator_cron: cron, operator_time_zone: timeZone }: ScheduleRow,
): Schedule => (cron === null || timeZone === null ? schedule : { ...schedule, cron, timeZone });
