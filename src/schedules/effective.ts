import type { Schedule } from "#lib/schedule.ts";
import type { ScheduleRow } from "./repository.ts";

/** The schedule with its current times: those of an operator if the row has some, otherwise the declared ones. */
export const effective = (
  schedule: Schedule,
  { operator_cron: cron, operator_time_zone: timeZone }: ScheduleRow,
): Schedule => (cron === null || timeZone === null ? schedule : { ...schedule, cron, timeZone });
