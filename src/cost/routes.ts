import { z } from "zod";
import { estimateOf } from "#cost/estimate.ts";
import { monthOf, toMonthView } from "#cost/month.ts";
import type { CostRepository } from "#cost/repository.ts";
import { usageOf } from "#cost/usage.ts";
import type { Clock } from "#lib/clock.ts";
import { count } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";

const plan = z.object({
  name: z.string(),
  included: z.number(),
  /** Null when the plan does not allow this usage, or its price is on request. */
  usd: z.number().nullable(),
});
const provider = z.object({
  provider: z.string(),
  unit: z.string(),
  used: z.number(),
  plans: z.array(plan),
  cheapest: plan.nullable(),
  /** The pages with the prices, and the day on which they were seen there. */
  sources: z.array(z.object({ page: z.string(), seenOn: z.string() })),
});
const usage = z.object({
  functionSeconds: z.number(),
  requests: z.number(),
  rows: z.number(),
  executions: z.number(),
  credits: z.number(),
  storedMb: z.number(),
  mails: z.number(),
});
const costEstimate = z.object({
  usage,
  providers: z.array(provider),
  /** Null where a provider's price is on request. */
  cheapestUsd: z.number().nullable(),
  /** The limit of the free plans that is reached first. When `usedShare` is above 1, the usage exceeds this limit. */
  firstLimit: z.object({
    provider: z.string(),
    unit: z.string(),
    limit: z.number(),
    usedShare: z.number(),
  }),
});
z.globalRegistry.add(costEstimate, { id: "CostEstimate" });

export const monthView = z.object({
  /** `2026-11`, in UTC. */
  month: z.string(),
  used: z.object({ jobs: z.number(), executions: z.number(), mails: z.number() }),
  byFunction: z.array(
    z.object({ functionId: z.string(), jobs: z.number(), executions: z.number(), mails: z.number() }),
  ),
  /** The whole month at this rate; null on its first day. */
  forecast: costEstimate.nullable(),
});
z.globalRegistry.add(monthView, { id: "CostOfMonth" });

type Dependencies = { cost: Pick<CostRepository, "month">; clock: Clock };

/** The largest number that is accepted, far above the limit of every plan that has a price. */
const MOST = 1_000_000_000;

export const costRoutes = ({ cost, clock }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/cost/month",
    policy: "app",
    summary: "What this month has used so far by the ledger, and a forecast of its cost",
    responses: { 200: monthView },
    handler: async () => {
      const now = clock.now();
      return json(200, toMonthView(await cost.month(monthOf(now).first), now));
    },
  }),
  route({
    method: "GET",
    path: "/api/cost",
    policy: "app",
    summary:
      "What a month of this work would cost: executions, function time, rows, mails, and money by plan",
    query: z.object({
      events: count(0, MOST).default(0),
      /** The steps of each event's run. */
      steps: count(0, 1_000).default(1),
      failedTries: count(0, MOST).default(0),
      mails: count(0, MOST).default(0),
      /** The number of recipients of a campaign whose cost is estimated. */
      recipients: count(0, MOST).default(0),
      /** The number of rows of an import whose cost is estimated. */
      importRows: count(0, MOST).default(0),
    }),
    responses: { 200: costEstimate },
    handler: async ({ query }) => json(200, estimateOf(usageOf(query))),
  }),
];
