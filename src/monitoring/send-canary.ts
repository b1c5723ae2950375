import type { Env } from "#lib/env.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { AlertsRepository } from "#monitoring/alerts-repository.ts";

type Dependencies = {
  env: Pick<Env, "CANARY_MINUTES" | "PLAN">;
  alerts: Pick<AlertsRepository, "sendCanary">;
};

/** How often a canary is sent. Each costs one execution: one an hour uses 1.5 % of the free plan's month. */
const MINUTES = { free: 60, pro: 5 } as const;

/** Sends a canary through the engine when one is due. The monitor then checks whether its job has completed. */
export const sendCanary = ({ env, alerts }: Dependencies): Chore => ({
  name: "canary",
  async run() {
    const minutes = env.CANARY_MINUTES ?? MINUTES[env.PLAN];
    if (minutes === 0) return { sent: 0 };
    return { sent: (await alerts.sendCanary(minutes)) ? 1 : 0 };
  },
});
