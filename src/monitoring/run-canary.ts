import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { canarySent } from "#monitoring/events.ts";

type Dependencies = { inngest: InngestClient; onFailure: OnFailure };

/**
 * Does no work, because the monitor only checks that it ran and that the ledger has its job. It has no step, so that it
 * costs one execution.
 */
export const runCanary = ({ inngest, onFailure }: Dependencies) =>
  inngest.createFunction(
    { id: "run-canary", triggers: [canarySent], ...tries("standard"), onFailure },
    async ({ event }) => ({ sentAt: event.data.sentAt }),
  );
