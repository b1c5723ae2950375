import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { userSignedUp } from "#onboarding/events.ts";
import type { OnboardingRepository } from "#onboarding/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  onboarding: Pick<OnboardingRepository, "setDefaults">;
  onFailure: OnFailure;
};

/** S3-17: a second function for the same event. When this function fails, only this function is tried again. */
export const setDefaultSettings = ({ inngest, onboarding, onFailure }: Dependencies) =>
  inngest.createFunction(
    { id: "set-default-settings", triggers: [userSignedUp], ...tries("registration"), onFailure },
    async ({ event, step }) => {
      const { userId } = event.data;
      await step.run("set-default-settings", () => onboarding.setDefaults(userId));
      return { userId };
    },
  );
