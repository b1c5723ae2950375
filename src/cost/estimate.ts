import { METER_NAMES, METERS, type MeterName, type Plan } from "#cost/prices.ts";
import type { Usage } from "#cost/usage.ts";

type Billed = Pick<Usage, MeterName>;

/** The price of this usage; null when the plan does not allow this usage, or its price is on request. */
export function priceOf({ usd, included, more }: Plan, used: number): number | null {
  if (usd === null) return null;
  if (used <= included) return usd;
  if (more === null || used > more.most) return null;
  return usd + Math.ceil((used - included) / more.per) * more.usd;
}

/** What each provider's plans cost for this usage, and the cheapest of them. */
export function pricesOf(usage: Billed) {
  return METER_NAMES.map((name) => {
    const { provider, unit, sources, plans } = METERS[name];
    const used = usage[name];
    const offers = plans.map((plan: Plan) => ({
      name: plan.name,
      included: plan.included,
      usd: priceOf(plan, used),
    }));
    const cheapest = offers
      .filter((offer) => offer.usd !== null)
      .toSorted((a, b) => (a.usd ?? 0) - (b.usd ?? 0))[0];
    return { provider, unit, used, plans: offers, cheapest: cheapest ?? null, sources: [...sources] };
  });
}

/** The limit of the free plans that is reached first. When `usedShare` is above 1, the usage exceeds this limit. */
export function firstLimitOf(usage: Billed) {
  const [first, ...others] = [
    limitOf("executions"),
    limitOf("credits"),
    limitOf("storedMb"),
    limitOf("mails"),
  ];
  return others.reduce((most, limit) => (limit.usedShare > most.usedShare ? limit : most), first);

  function limitOf(name: MeterName) {
    const { provider, unit, plans } = METERS[name];
    const limit = plans[0].included;
    return { provider, unit, limit, usedShare: usage[name] / limit };
  }
}

/** The whole estimate: usage, prices by plan, their cheapest sum, and the first limit. */
export function estimateOf(usage: Usage) {
  const providers = pricesOf(usage);
  const known = providers.every(({ cheapest }) => cheapest !== null);
  const usd = providers.reduce((sum, { cheapest }) => sum + (cheapest?.usd ?? 0), 0);
  return {
    usage,
    providers,
    /** Null where a provider's price is on request. */
    cheapestUsd: known ? Math.round(usd * 100) / 100 : null,
    firstLimit: firstLimitOf(usage),
  };
}
