import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { profileReminderDue } from "#onboarding/events.ts";
import type { OnboardingRepository } from "#onboarding/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  onboarding: Pick<OnboardingRepository, "remind">;
  onFailure: OnFailure;
};

/**
 * Reminds a user of an incomplete profile. Its job is delayed by a day, and is canceled in the transaction that
 * completes the profile or deletes the user. A sleeping run would cost one execution more than a delayed job, and would
 * end only after the engine has received the cancel.
 */
export const sendProfileReminder = ({ inngest, onboarding, onFailure }: Dependencies) =>
  inngest.createFunction(
    { id: "send-profile-reminder", triggers: [profileReminderDue], ...tries("email"), onFailure },
    async ({ event, step }) => ({
      reminded: await step.run("remind", () => onboarding.remind(event.data.userId)),
    }),
  );
