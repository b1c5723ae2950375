import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { AuthMail } from "#onboarding/auth-mails.ts";

const settingsRow = z.object({ time_zone: z.string(), weekly_digest: z.boolean() });
export type Settings = z.output<typeof settingsRow>;
type SettingsChange = { timeZone?: string | undefined; weeklyDigest?: boolean | undefined };

export type OnboardingRepository = ReturnType<typeof onboardingRepository>;

/** Each statement is safe to repeat, and does nothing for a user who was deleted. */
export function onboardingRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Begins the sign-up of a user, like the trigger on Auth's table of users. */
    begin: (user: { userId: string; email: string; name: string | undefined }) => call("begin_signup", user),
    welcome: (userId: string) => call("welcome_user", { userId }, z.literal("accepted").nullable()),
    initialize: (userId: string) => call("initialize_user", { userId }),
    track: (userId: string) => call("track_signup", { userId }),
    setDefaults: (userId: string) => call("set_default_settings", { userId }),
    remind: (userId: string) => call("remind_of_profile", { userId }, z.boolean()),
    settings: async (userId: string) =>
      (await callTimeless("get_user_settings", { userId }, settingsRow.array()))[0],
    changeSettings: async (userId: string, change: SettingsChange) =>
      settingsRow.parse((await call("change_user_settings", { userId, change }, settingsRow.array()))[0]),
    sendAuthMails: (mails: readonly AuthMail[]) => call("send_auth_mails", { mails: [...mails] }),
  };
}
