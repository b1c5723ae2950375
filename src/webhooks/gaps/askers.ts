import type { Clock } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { githubLists } from "#webhooks/gaps/github-lists.ts";
import { resendLists } from "#webhooks/gaps/resend-lists.ts";
import type { Asked } from "#webhooks/gaps/sent-list.ts";
import { stripeList } from "#webhooks/gaps/stripe-list.ts";
import { createGithubApi } from "#webhooks/github-api.ts";
import { createResendApi } from "#webhooks/resend-api.ts";

type Dependencies = {
  env: Env;
  fetch: Fetch;
  clock: Clock;
  tokens: Pick<Tokens, "take">;
  stripe: Pick<Stripe, "get">;
};
type Name = "stripe" | "github" | "resend";

/** Whether each source can be asked for its sent webhooks: this needs a secret for its webhooks and a key of its API. */
export const canBeAsked = (env: Env): Record<Name, boolean> => ({
  stripe: env.STRIPE_WEBHOOK_SECRET.length > 0 && env.STRIPE_API_KEY !== undefined,
  github:
    env.GITHUB_WEBHOOK_SECRET.length > 0 &&
    env.GITHUB_TOKEN !== undefined &&
    env.GITHUB_REPOSITORIES.length > 0,
  resend: env.RESEND_WEBHOOK_SECRET.length > 0 && env.RESEND_API_KEY !== undefined,
});

/** For each source, the function that asks what it has sent to us. */
export function askersOf({ stripe, ...deps }: Dependencies): Record<string, () => Promise<Asked>> {
  const { env } = deps;
  const can = canBeAsked(env);
  return {
    ...(can.stripe && { stripe: async () => ({ lists: [stripeList(stripe)], unchecked: [] }) }),
    ...(can.github && {
      github: () =>
        githubLists({
          github: createGithubApi(deps),
          repositories: env.GITHUB_REPOSITORIES,
          site: env.URL,
        }),
    }),
    ...(can.resend && { resend: () => resendLists(createResendApi(deps), env.URL) }),
  };
}
