import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import type { Clock } from "#lib/clock.ts";
import { localTime } from "#lib/cron.ts";
import { AppError } from "#lib/errors.ts";
import { filledText } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { Schedule } from "#lib/schedule.ts";
import { backfillRoutes } from "./backfill-routes.ts";
import { effective } from "./effective.ts";
import type { FoundSchedule } from "./find-schedule.ts";
import type { ScheduleRepository } from "./repository.ts";
import { bringUpToDate } from "./tick.ts";
import { timesRoutes } from "./times-routes.ts";
import { LAST_TICKS, scheduleDetails, scheduleView, toDetails, toScheduleView } from "./view.ts";

type Dependencies = {
  declared: readonly Schedule[];
  schedules: ScheduleRepository;
  jobs: Pick<Jobs, "accept">;
  clock: Clock;
};

const params = z.object({ name: filledText(100) });
const never = { isOver: () => false };

export function scheduleRoutes({ declared, schedules, jobs, clock }: Dependencies): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/schedules",
      policy: "admin",
      summary: "All schedules, each with its last and its next time",
      responses: { 200: z.object({ items: z.array(scheduleView) }) },
      handler: async () => {
        const rows = new Map((await schedules.open(declared)).map((row) => [row.name, row]));
        const last = new Map((await schedules.lastTicks(declared)).map((tick) => [tick.schedule, tick]));
        const items = declared.flatMap((schedule) => {
          const row = rows.get(schedule.name);
          if (row === undefined) return [];
          return [toScheduleView({ schedule, row, last: last.get(schedule.name), now: clock.now() })];
        });
        return json(200, { items });
      },
    }),
    route({
      method: "GET",
      path: "/api/schedules/:name",
      policy: "admin",
      summary:
        "One schedule: its next 20 local times, warnings about changes of the clocks, its last 50 slots",
      params,
      responses: { 200: scheduleDetails },
      handler: async ({ params: { name } }) => json(200, await details(name)),
    }),
    route({
      method: "POST",
      path: "/api/schedules/:name/run",
      policy: "admin",
      summary:
        "Start a schedule's work now, even while earlier work is running; a maintenance task has no job",
      params,
      responses: { 202: z.union([acceptedView, z.object({ status: z.literal("wanted") })]) },
      handler: async ({ params: { name }, requester, idempotencyKey: key }) => {
        const { schedule, row } = await find(name);
        const now = clock.now();
        const slot = localTime(now, effective(schedule, row).timeZone);
        if (schedule.job === undefined) {
          await schedules.runTask(name, slot, requester.id, schedule.task);
          return json(202, { status: "wanted" });
        }
        const wanted = request(
          schedule.job.event,
          { schedule: name, slot, dueAt: now.toISOString() },
          { requester, key, comparedData: name, functionId: schedule.job.functionId },
        );
        const job = await jobs.accept(wanted, (asked) => schedules.run(name, slot, requester.id, asked));
        return json(202, accepted("Started", job.id));
      },
    }),
    route({
      method: "POST",
      path: "/api/schedules/:name/pause",
      policy: "admin",
      summary: "Pause a schedule: its slots are skipped until it is resumed",
      params,
      responses: { 200: scheduleDetails },
      handler: async ({ params: { name }, requester }) => {
        await decideDueSlots(name);
        await schedules.pause(name, requester.id);
        return json(200, await details(name));
      },
    }),
    route({
      method: "POST",
      path: "/api/schedules/:name/resume",
      policy: "admin",
      summary: "Resume a paused schedule",
      params,
      responses: { 200: scheduleDetails },
      handler: async ({ params: { name } }) => {
        await decideDueSlots(name);
        await schedules.pause(name, null);
        return json(200, await details(name));
      },
    }),
    ...timesRoutes({ find, decideDueSlots, details, schedules, clock }),
    ...backfillRoutes({ find, decideDueSlots, schedules, jobs, clock }),
  ];

  async function find(name: string): Promise<FoundSchedule> {
    const schedule = declared.find((one) => one.name === name);
    if (schedule === undefined) throw new AppError("not_found", "No schedule has this name");
    const [row] = await schedules.open([schedule]);
    if (row === undefined) throw new AppError("internal", `The schedule ${name} has no row`);
    return { schedule, row };
  }

  /** Decides the slots that were due before a change, by the schedule's state before the change. */
  async function decideDueSlots(name: string): Promise<void> {
    const { schedule, row } = await find(name);
    await bringUpToDate({ schedules, clock }, effective(schedule, row), row, never);
  }

  async function details(name: string) {
    const found = await find(name);
    const ticks = await schedules.ticks(name, LAST_TICKS);
    const last = ticks[0] && { ...ticks[0], schedule: name };
    return toDetails({ ...found, last, now: clock.now() }, ticks);
  }
}
