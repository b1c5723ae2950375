import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { filledText, text } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { advise } from "#rollout/advise.ts";
import { comparison, type FlagRepository, type FlagRow } from "#rollout/repository.ts";
import type { Rollout } from "#rollout/rollout.ts";

type Dependencies = { flags: FlagRepository; rollout: Pick<Rollout, "forget">; clock: Clock };

const MOST_ALLOWED = 1000;
const WEEK_MS = 7 * 24 * 60 * 60_000;

export const flagView = z.object({
  name: z.string(),
  environment: z.string(),
  isOn: z.boolean(),
  percentage: z.number(),
  allowed: z.array(z.string()),
  updatedAt: z.string(),
});
z.globalRegistry.add(flagView, { id: "Flag" });
export const flagDetailsView = flagView.extend({
  /** The results of the old and the new way since the flag was changed, at most seven days back. */
  ways: comparison,
  advice: z.object({
    next: z.enum(["wait", "go_on", "turn_back", "finish"]),
    percentage: z.number().nullable(),
    because: z.string(),
  }),
});
z.globalRegistry.add(flagDetailsView, { id: "FlagDetails" });
const flagParams = z.object({ name: text(64).regex(/^[a-z][a-z0-9_]*$/) });

/** The router audits every change by an administrator. */
export const flagRoutes = ({ flags, rollout, clock }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/flags",
    policy: "admin",
    summary: "The flags of this environment",
    responses: { 200: z.object({ items: z.array(flagView) }) },
    handler: async () => json(200, { items: (await flags.list()).map(toFlagView) }),
  }),
  route({
    method: "GET",
    path: "/api/flags/:name",
    policy: "admin",
    summary: "One flag, how both ways went since it was changed (at most seven days), and what to do next",
    params: flagParams,
    responses: { 200: flagDetailsView },
    handler: async ({ params: { name } }) => {
      const flag = await flags.get(name);
      if (flag === null) throw noFlag();
      const ways = await flags.compare(name, comparedSince(flag, clock.now()));
      const view = toFlagView(flag);
      return json(200, { ...view, ways, advice: advise(view, ways) });
    },
  }),
  route({
    method: "PUT",
    path: "/api/flags/:name",
    policy: "admin",
    summary: "Make or change a flag; a new one is on for 10 %. isOn: false turns back at once",
    params: flagParams,
    body: z.object({
      isOn: z.boolean().optional(),
      percentage: z.int().min(0).max(100).optional(),
      allowed: z.array(filledText(200)).max(MOST_ALLOWED).optional(),
    }),
    responses: { 200: flagView },
    handler: async ({ params: { name }, body }) => {
      const flag = await flags.set(name, body);
      rollout.forget(name);
      return json(200, toFlagView(flag));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/flags/:name",
    policy: "admin",
    summary: "Delete a flag: the new way is the only one from then on",
    params: flagParams,
    responses: { 204: z.undefined() },
    handler: async ({ params: { name } }) => {
      if (!(await flags.remove(name))) throw noFlag();
      rollout.forget(name);
      return json(204, undefined);
    },
  }),
];

/** Only work since the flag's last change is compared, because the earlier flag divided the work differently. */
function comparedSince({ updated_at: updatedAt }: FlagRow, now: Date): string {
  const weekAgo = now.getTime() - WEEK_MS;
  return new Date(Math.max(weekAgo, Date.parse(updatedAt))).toISOString();
}

const noFlag = () => new AppError("not_found", "Flag not found");

const toFlagView = (flag: FlagRow): z.output<typeof flagView> => ({
  name: flag.name,
  environment: flag.environment,
  isOn: flag.is_on,
  percentage: flag.percentage,
  allowed: flag.allowed,
  updatedAt: flag.updated_at,
});
