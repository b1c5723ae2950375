import type { Clock } from "#lib/clock.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { WebhookRepository } from "#webhooks/repository.ts";

type Dependencies = { webhooks: Pick<WebhookRepository, "purge">; clock: Clock };

/** Longer than any provider repeats a webhook, so that a late repetition is still a duplicate. */
const KEEP_DAYS = 90;
const DAY_MS = 24 * 60 * 60_000;
const BATCH = 500;

/** Deletes old webhooks: their bodies hold personal data. */
export const purgeWebhooks = ({ webhooks, clock }: Dependencies): Chore => ({
  name: "webhooks",
  async run(deadline) {
    const before = new Date(clock.now().getTime() - KEEP_DAYS * DAY_MS);
    let deleted = 0;
    let gone: number;
    do {
      gone = await webhooks.purge(before, BATCH);
      deleted += gone;
    } while (gone === BATCH && !deadline.isOver());
    return { deleted };
  },
});
