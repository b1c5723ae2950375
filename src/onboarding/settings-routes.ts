import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { idParams, json, type Requester, type Route, route } from "#lib/http/route.ts";
import { isTimeZone } from "#lib/time-zone.ts";
import type { OnboardingRepository, Settings } from "#onboarding/repository.ts";

type Dependencies = { onboarding: Pick<OnboardingRepository, "settings" | "changeSettings"> };

const settingsView = z.object({ timeZone: z.string(), weeklyDigest: z.boolean() });
z.globalRegistry.add(settingsView, { id: "UserSettings" });

const change = z
  .object({
    timeZone: z.string().max(64).refine(isTimeZone, "must be an IANA time zone, for instance Europe/Berlin"),
    weeklyDigest: z.boolean(),
  })
  .partial();

/** A user's own settings. Applications and administrators may read and change those of every user. */
export const settingsRoutes = ({ onboarding }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/users/:id/settings",
    policy: "user",
    summary: "A user's time zone, and whether they get the weekly digest",
    params: idParams,
    responses: { 200: settingsView },
    handler: async ({ params: { id }, requester }) => {
      refuseOthers(requester, id);
      const settings = await onboarding.settings(id);
      if (!settings) throw new AppError("not_found", "This user has no settings");
      return json(200, toView(settings));
    },
  }),
  route({
    method: "PATCH",
    path: "/api/users/:id/settings",
    policy: "user",
    summary: "Change a user's time zone, or whether they get the weekly digest",
    params: idParams,
    body: change,
    responses: { 200: settingsView },
    handler: async ({ params: { id }, body, requester }) => {
      refuseOthers(requester, id);
      return json(200, toView(await onboarding.changeSettings(id, body)));
    },
  }),
];

function refuseOthers({ role, owner }: Requester, id: string): void {
  if (role === "user" && owner !== id) throw new AppError("not_found", "User not found");
}

const toView = ({ time_zone: timeZone, weekly_digest: weeklyDigest }: Settings) => ({
  timeZone,
  weeklyDigest,
});
