import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { filledText } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { DecideDueSlots, FindSchedule } from "./find-schedule.ts";
import type { ScheduleRepository } from "./repository.ts";
import { preview, scheduleDetails, toPreview } from "./view.ts";

type Dependencies = {
  find: FindSchedule;
  decideDueSlots: DecideDueSlots;
  details: (name: string) => Promise<z.output<typeof scheduleDetails>>;
  schedules: Pick<ScheduleRepository, "changeTimes">;
  clock: Clock;
};

const params = z.object({ name: filledText(100) });
const times = { cron: filledText(100), timeZone: filledText(100) };

/** An operator's own times for a schedule. */
export const timesRoutes = ({ find, decideDueSlots, details, schedules, clock }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/schedules/:name/times-preview",
    policy: "admin",
    summary: "The next 20 local times that this cron would have, and warnings; nothing is saved",
    params,
    query: z.object(times),
    responses: { 200: preview },
    handler: async ({ params: { name }, query }) => {
      const { schedule } = await find(name);
      return json(200, previewOf({ ...schedule, ...query }, clock.now()));
    },
  }),
  route({
    method: "PUT",
    path: "/api/schedules/:name/times",
    policy: "admin",
    summary: "Change when a schedule runs, from now on; the declared times stay in the answer",
    params,
    body: z.object(times),
    responses: { 200: scheduleDetails },
    handler: async ({ params: { name }, body, requester }) => {
      const { schedule } = await find(name);
      // Refuses wrong times before they are stored.
      previewOf({ ...schedule, ...body }, clock.now());
      await schedules.changeTimes(name, requester.id, body);
      await decideDueSlots(name);
      return json(200, await details(name));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/schedules/:name/times",
    policy: "admin",
    summary: "Return to the declared times, from now on",
    params,
    responses: { 200: scheduleDetails },
    handler: async ({ params: { name }, requester }) => {
      await find(name);
      await schedules.changeTimes(name, requester.id, null);
      await decideDueSlots(name);
      return json(200, await details(name));
    },
  }),
];

/** Throws for times that cannot be read, and for times that never come, such as February 31. */
function previewOf(times: Parameters<typeof toPreview>[0], now: Date): z.output<typeof preview> {
  const shown = toPreview(times, now);
  if (shown.nextTimes.length > 0) return shown;
  throw new AppError("invalid_request", `"${times.cron}" in "${times.timeZone}" never fires`, {
    hint: "Name a day that its month has, and that is no excluded day of the schedule.",
  });
}
