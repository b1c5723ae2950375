import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const position = z.object({
  checked_until: z.string(),
  reading_until: z.string().nullable(),
  cursor: z.string().nullable(),
});
/**
 * Everything that was sent before `checkedUntil` was compared. A list whose reading was interrupted continues with
 * `reading`, which has the cursor of the next page, and the time up to which the list will count as compared: when the
 * reading began, or when the oldest webhook that failed was sent.
 */
export type Position = { checkedUntil: Date; reading: Reading | undefined };
export type Reading = { until: Date; cursor: string | undefined };

export type GapRepository = ReturnType<typeof gapRepository>;

export function gapRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /**
     * The first comparison of a list begins with the source's oldest webhook in the inbox. If there is none, it begins
     * with the present time.
     */
    async open(key: string, source: string): Promise<Position> {
      const row = await call("open_webhook_gap_check", { key, source }, position);
      const until = row.reading_until;
      const reading =
        until === null ? undefined : { until: new Date(until), cursor: row.cursor ?? undefined };
      return { checkedUntil: new Date(row.checked_until), reading };
    },

    /** The ids that the inbox does not have. */
    missing: (source: string, externalIds: readonly string[]) =>
      callTimeless("missing_webhooks", { source, externalIds: [...externalIds] }, z.array(z.string())),

    /** `reading` undefined: everything before `checkedUntil` was compared. `found` counts the missing webhooks. */
    save: (key: string, { checkedUntil, reading }: Position, found: number) =>
      call("save_webhook_gap_check", {
        key,
        checkedUntil: checkedUntil.toISOString(),
        readingUntil: reading?.until.toISOString(),
        cursor: reading?.cursor,
        found,
      }),
  };
}
