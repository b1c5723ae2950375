/**
 * Monthly prices and allowances in US dollars, each with its page and the day on which it was read. Null: the page
 * names the price only on request. Prices change, so look at the pages before you decide.
 */

/** A page, and the day on which its numbers were read. */
type Source = { page: string; seenOn: string };

export type Plan = {
  name: string;
  usd: number | null;
  /** The usage that the price includes. */
  included: number;
  /**
   * The price of further units, sold in packs of `per`, up to `most` altogether; null: the plan has no further units.
   */
  more: { usd: number; per: number; most: number } | null;
};
export type Meter = { provider: string; unit: string; sources: readonly Source[]; plans: readonly Plan[] };

const more = (usd: number, per: number, most = Number.MAX_SAFE_INTEGER) => ({ usd, per, most });

export const METERS = {
  executions: {
    provider: "Inngest",
    unit: "executions",
    sources: [
      { page: "https://www.inngest.com/docs/durable-execution/limits", seenOn: "2026-11-29" },
      { page: "https://www.inngest.com/pricing", seenOn: "2026-05-22" },
    ],
    plans: [
      { name: "Free", usd: 0, included: 50_000, more: null },
      // Executions above five million a month have another price.
      { name: "Pro", usd: 75, included: 1_000_000, more: more(0.05, 1_000, 5_000_000) },
      { name: "Business", usd: null, included: 10_000_000, more: null },
    ],
  },
  credits: {
    provider: "Netlify",
    unit: "credits",
    sources: [
      { page: "https://www.netlify.com/pricing/", seenOn: "2026-05-04" },
      {
        page: "https://docs.netlify.com/manage/accounts-and-billing/billing/billing-for-credit-based-plans/how-credits-work",
        seenOn: "2026-11-29",
      },
    ],
    plans: [
      { name: "Free", usd: 0, included: 300, more: null },
      { name: "Personal", usd: 9, included: 1_000, more: more(5, 200) },
      { name: "Pro", usd: 20, included: 3_000, more: more(20, 1_000) },
    ],
  },
  storedMb: {
    provider: "Supabase",
    unit: "MB of database",
    sources: [{ page: "https://supabase.com/pricing", seenOn: "2026-05-04" }],
    plans: [
      { name: "Free", usd: 0, included: 500, more: null },
      { name: "Pro", usd: 25, included: 8_000, more: more(0.125, 1_000) },
    ],
  },
  mails: {
    provider: "Resend",
    unit: "mails",
    sources: [
      { page: "https://resend.com/docs/knowledge-base/account-quotas-and-limits", seenOn: "2026-11-29" },
      { page: "https://resend.com/changelog/pay-as-you-go-pricing", seenOn: "2026-11-29" },
    ],
    plans: [
      // The free plan also has a limit of 100 a day.
      { name: "Free", usd: 0, included: 3_000, more: null },
      { name: "Pro", usd: 20, included: 50_000, more: more(0.9, 1_000) },
      { name: "Scale", usd: 90, included: 100_000, more: more(0.9, 1_000) },
    ],
  },
} as const satisfies Record<string, Meter>;

export type MeterName = keyof typeof METERS;
export const METER_NAMES = ["executions", "credits", "storedMb", "mails"] as const satisfies MeterName[];

/** Netlify's credits: compute per GB-hour, and requests. Read on the same day as the credits above. */
export const CREDITS = { perGbHour: 5, perRequest: 2 / 10_000, perDeploy: 15 };
