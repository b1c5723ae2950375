import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { webhookGapsDue } from "#webhooks/events.ts";
import { type CheckDependencies, checkList } from "#webhooks/gaps/check-list.ts";
import type { Asked } from "#webhooks/gaps/sent-list.ts";

type Dependencies = CheckDependencies & {
  inngest: InngestClient;
  clock: Clock;
  /** The providers that can be asked, by name; each function returns what its provider has sent. */
  askers: Readonly<Record<string, () => Promise<Asked>>>;
  onFailure: OnFailure;
};
type Result = Record<string, Counts>;

/** A request may run 60 s on Netlify, and one call of a provider takes at most 20 s. */
const STEP_MS = 30_000;
const MAX_STEPS = 100;

/**
 * Stores the webhooks that a provider has sent and that never reached us. A check costs two executions when nothing is
 * missing. A provider that does not answer does not stop the others; the job is then tried again.
 */
export const checkWebhookGaps = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "check-webhook-gaps",
      triggers: [webhookGapsDue],
      // Two checks at once would request the same pages.
      concurrency: { limit: 1 },
      // When this check fails, the next check covers the same webhooks. A long wait here would delay the checks of the
      // other providers.
      ...tries("externalApi"),
      onFailure: deps.onFailure,
    },
    async ({ step }) => {
      const total: Result = {};
      for (let round = 0; round < MAX_STEPS; round++) {
        const { result, isDone } = await step.run(`check-${round}`, () => check(deps));
        for (const [name, counts] of Object.entries(result)) total[name] = sum(total[name], counts);
        if (isDone) break;
      }
      return total;
    },
  );

async function check(deps: Dependencies): Promise<{ result: Result; isDone: boolean }> {
  const now = deps.clock.now();
  const isLate = () => deps.clock.now().getTime() - now.getTime() > STEP_MS;
  const asked = await Promise.allSettled(
    Object.entries(deps.askers).map(async ([name, ask]) => ({ name, ...(await ask()) })),
  );
  const known = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const checked = await Promise.allSettled(
    known
      .flatMap(({ lists }) => lists)
      .map(async (list) => ({
        name: list.source.name,
        ...(await checkList(deps, list, { now, isLate })),
      })),
  );
  const result: Result = {};
  for (const { name, unchecked } of known) {
    result[name] = { ...NOTHING, ...(unchecked.length > 0 && { unchecked }) };
    if (unchecked.length > 0) deps.logger.warn({ source: name, unchecked }, "webhook gaps are not checked");
  }
  let isDone = true;
  for (const answer of [...asked, ...checked]) if (answer.status === "rejected") throw answer.reason;
  for (const answer of checked) {
    if (answer.status === "rejected") continue;
    const { name, isDone: isThisDone, ...counts } = answer.value;
    result[name] = sum(result[name], counts);
    isDone &&= isThisDone;
  }
  return { result, isDone };
}

const NOTHING = { listed: 0, missing: 0, failed: 0, unreadable: 0 };
type Counts = typeof NOTHING & { unchecked?: string[] };

const sum = (before: Counts = NOTHING, more: Counts): Counts => ({
  ...before,
  ...more,
  listed: before.listed + more.listed,
  missing: before.missing + more.missing,
  failed: before.failed + more.failed,
  unreadable: before.unreadable + more.unreadable,
});
