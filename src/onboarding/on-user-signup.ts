import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { userSignedUp } from "#onboarding/events.ts";
import type { OnboardingRepository } from "#onboarding/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  onboarding: Pick<OnboardingRepository, "welcome" | "initialize" | "track">;
  onFailure: OnFailure;
};

/** Welcomes a new user. The mail has its own job, which is tried four times. */
export const onUserSignup = ({ inngest, onboarding, onFailure }: Dependencies) =>
  inngest.createFunction(
    { id: "on-user-signup", triggers: [userSignedUp], ...tries("registration"), onFailure },
    async ({ event, step }) => {
      const { userId } = event.data;
      const welcome = await step.run("send-welcome-email", () => onboarding.welcome(userId));
      await step.run("initialize-user-data", () => onboarding.initialize(userId));
      await step.run("track-signup", () => onboarding.track(userId));
      return { userId, welcomed: welcome !== null };
    },
  );
