import type { Outbox } from "#jobs/outbox.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import { createSignUp } from "#lib/outside/supabase-auth.ts";
import { room } from "#lib/room.ts";
import { profileReminderDue, userSignedUp } from "#onboarding/events.ts";
import { hookRoutes } from "#onboarding/hook-routes.ts";
import { onboardingRepository } from "#onboarding/repository.ts";
import { registerRoutes } from "#onboarding/routes.ts";
import { settingsRoutes } from "#onboarding/settings-routes.ts";

type Dependencies = {
  env: Env;
  fetch: typeof globalThis.fetch;
  db: DatabaseClient;
  clock: Clock;
  logger: Logger;
  tokens: Tokens;
  outbox: Outbox;
};

export const onboarding = room<Dependencies>({
  name: "onboarding",
  routes({ db, ...deps }) {
    const all = { ...deps, onboarding: onboardingRepository(db, deps.clock) };
    return [
      ...registerRoutes({ ...deps, signUp: createSignUp(deps) }),
      ...hookRoutes(all),
      ...settingsRoutes(all),
    ];
  },
  schedules: () => [
    {
      name: "send-digests",
      summary: "Mails the weekly digest to users whose Monday 09:00 has come",
      // In every time zone, Monday 09:00 falls on a Sunday or Monday in UTC, at :00, :15, :30 or :45.
      cron: "*/15 * * * 0,1",
      timeZone: "UTC",
      overlap: "skip",
      missed: "once",
      task: "send-digests",
    },
  ],
  visibleFields: { [userSignedUp.name]: ["userId"], [profileReminderDue.name]: ["userId"] },
});
