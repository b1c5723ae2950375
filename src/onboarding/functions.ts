import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { onUserSignup } from "#onboarding/on-user-signup.ts";
import { onboardingRepository } from "#onboarding/repository.ts";
import { sendProfileReminder } from "#onboarding/send-profile-reminder.ts";
import { setDefaultSettings } from "#onboarding/set-default-settings.ts";

type Dependencies = { inngest: InngestClient; db: DatabaseClient; clock: Clock; onFailure: OnFailure };

export function onboardingFunctions({ db, clock, ...deps }: Dependencies): InngestFunction.Any[] {
  const all = { ...deps, onboarding: onboardingRepository(db, clock) };
  return [onUserSignup(all), setDefaultSettings(all), sendProfileReminder(all)];
}
