import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import type { Clock } from "#lib/clock.ts";
import { filledText, instant } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { jobOf, requireRecentPast, slotsOf } from "./backfill.ts";
import { isExcluded } from "./decide.ts";
import { effective } from "./effective.ts";
import { backfillRequested } from "./events.ts";
import type { DecideDueSlots, FindSchedule } from "./find-schedule.ts";
import type { ScheduleRepository } from "./repository.ts";
import { slotView, toSlotView } from "./view.ts";

type Dependencies = {
  find: FindSchedule;
  decideDueSlots: DecideDueSlots;
  schedules: Pick<ScheduleRepository, "countFired">;
  jobs: Pick<Jobs, "accept">;
  clock: Clock;
};

const params = z.object({ name: filledText(100) });
/** The period begins at `from` and ends before `to`. */
const period = { from: instant, to: instant };
const SHOWN = 20;

const backfillPreview = z.object({
  slots: z.number(),
  /** The number of slots that already have a job. These slots get no second job. */
  alreadyRun: z.number(),
  /** The number of slots on the schedule's excluded days. */
  excluded: z.number(),
  /** How many jobs the backfill would start. */
  starts: z.number(),
  /** The first 20 slots of the period. */
  first: z.array(slotView),
});

export const backfillRoutes = ({ find, decideDueSlots, schedules, jobs, clock }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/schedules/:name/backfill-preview",
    policy: "admin",
    summary: "How many jobs a backfill of this period would start",
    params,
    query: z.object(period),
    responses: { 200: backfillPreview },
    handler: async ({ params: { name }, query }) => {
      const { schedule, row } = await find(name);
      requireRecentPast(query, clock.now());
      jobOf(schedule);
      const all = slotsOf({ ...effective(schedule, row), ...query });
      const open = all.filter((slot) => !isExcluded(schedule, slot));
      const alreadyRun = await schedules.countFired(
        name,
        open.map(({ at }) => at),
      );
      return json(200, {
        slots: all.length,
        alreadyRun,
        excluded: all.length - open.length,
        starts: open.length - alreadyRun,
        first: all.slice(0, SHOWN).map(toSlotView),
      });
    },
  }),
  route({
    method: "POST",
    path: "/api/schedules/:name/backfill",
    policy: "admin",
    summary: "Start a job for each slot of a past period that has had none; excluded days stay excluded",
    params,
    body: z.object(period),
    responses: { 202: acceptedView },
    handler: async ({ params: { name }, body, requester, idempotencyKey: key }) => {
      const { schedule, row } = await find(name);
      requireRecentPast(body, clock.now());
      jobOf(schedule);
      const { cron, timeZone } = effective(schedule, row);
      slotsOf({ cron, timeZone, ...body });
      await decideDueSlots(name);
      const data = { schedule: name, cron, timeZone, ...body, by: requester.id };
      const job = await jobs.accept(request(backfillRequested, data, { requester, key }));
      return json(202, accepted("Backfilling", job.id));
    },
  }),
];
