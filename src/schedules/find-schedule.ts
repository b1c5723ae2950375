import type { Schedule } from "#lib/schedule.ts";
import type { ScheduleRow } from "./repository.ts";

/** Finds the schedule of a route. An unknown name is answered with 404. */
export type FindSchedule = (name: string) => Promise<FoundSchedule>;
export type FoundSchedule = { schedule: Schedule; row: ScheduleRow };
/** Decides all slots of a schedule that are due now. */
export type DecideDueSlots = (name: string) => Promise<void>;
