import { createGithubProvider } from "@nightshift/local/providers/github/provider.ts";
import { createResendWebhooks } from "@nightshift/local/providers/resend-webhooks.ts";
import { createStripeProvider } from "@nightshift/local/providers/stripe/provider.ts";
import { allFunctions } from "#functions.ts";
import { type Workshop, workshop } from "./workshop.ts";

const SITE = "http://site.local";
const RESEND_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Options = { start: Date; env?: Record<string, string> };

/** The whole product on the free plan, with every setting that adds a schedule, from a time of the virtual clock on. */
export async function everythingOn({ start, env = {} }: Options) {
  const clock = { now: (): Date => shop.engine.clock.now() };
  const stripe = createStripeProvider({ clock });
  const github = createGithubProvider({ clock, webhookSecret: "github_secret", site: SITE });
  const resend = createResendWebhooks({ clock, webhookSecret: RESEND_SECRET, site: SITE });
  const shop: Workshop = await workshop({
    start,
    env: {
      PLAN: "free",
      // The default of the plan: once an hour.
      CANARY_MINUTES: "",
      URL: SITE,
      SITEMAP_PATHS: "/",
      STRIPE_BASE_URL: "http://stripe.local",
      STRIPE_API_KEY: "sk_test_everything",
      STRIPE_WEBHOOK_SECRET: "whsec_local_stripe",
      GITHUB_BASE_URL: "http://github.local",
      GITHUB_REPOSITORIES: "ada/engine",
      GITHUB_TOKEN: "github_token",
      GITHUB_WEBHOOK_SECRET: "github_secret",
      RESEND_WEBHOOK_SECRET: RESEND_SECRET,
      ...env,
    },
    hosts: {
      "stripe.local": stripe.fetch,
      "github.local": async (request) =>
        new URL(request.url).pathname === "/repos/ada/engine"
          ? Response.json({ stargazers_count: 7, forks_count: 2, open_issues_count: 1 })
          : github.fetch(request),
      // Resend's list of webhooks has the host of its mails.
      "mail.local": (request) =>
        new URL(request.url).pathname.startsWith("/webhooks")
          ? resend.fetch(request)
          : shop.mail.fetch(request),
    },
    // The workshop already has the functions for the engine's own events.
    functions: (platform) =>
      allFunctions(platform).filter((fn) => !["catch-failures", "record-cancellations"].includes(fn.id())),
  });
  return {
    ...shop,
    /** An hour passes, at whose end housekeeping comes. */
    async hour() {
      await shop.engine.advance("1h");
      await shop.app.keepHouse();
      await shop.engine.idle();
    },
    /** Schedules whose jobs did not all run at their own time, with the outcome of the others. */
    unfired: () =>
      shop.rows(
        `select distinct schedule, fate, reason from schedule_ticks
         where fate <> 'fired' and schedule in (select schedule from schedule_ticks where job_id is not null)`,
      ),
    async close() {
      await shop.close();
      stripe.close();
    },
  };
}
