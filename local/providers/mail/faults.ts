import type { FaultRule } from "#providers/mail/settings.ts";

export type Faults = {
  next(request: { key: string | undefined; recipients: () => readonly string[] }): FaultRule | undefined;
};

/** Decides which fault, if any, affects the next request. Counts start from zero when the rules change. */
export function faultPlan(rules: readonly FaultRule[]): Faults {
  const plans = rules.map((rule) => ({
    rule,
    pattern: rule.match === undefined ? undefined : new RegExp(rule.match),
    seen: 0,
    applied: 0,
  }));
  return {
    next({ key, recipients }) {
      for (const plan of plans) {
        const { rule, pattern } = plan;
        const isMeant =
          pattern === undefined ||
          (key !== undefined && pattern.test(key)) ||
          recipients().some((recipient) => pattern.test(recipient));
        if (!isMeant) continue;
        plan.seen += 1;
        if (rule.every !== undefined && plan.seen % rule.every !== 0) continue;
        if (rule.count !== undefined && plan.applied >= rule.count) continue;
        plan.applied += 1;
        return rule;
      }
      return undefined;
    },
  };
}
