import { z } from "zod";
import type { CampaignView } from "#campaigns/api-repository.ts";
import { writtenContent } from "#campaigns/render-mail.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const count = z.number();
const audience = z.object({
  recipients: count,
  /** Subscribers who get no mail, by status. */
  leftOut: z.record(z.string(), count),
  domains: z.array(z.object({ domain: z.string(), recipients: count })),
  /** How many of the checked recipients have no value for a merge field, by its name in lower case. */
  fields: z.object({ checked: count, missing: z.record(z.string(), count) }),
  content: writtenContent,
  samples: z.array(
    z.object({ id: z.number(), email: z.string(), fields: z.record(z.string(), z.unknown()) }),
  ),
  hash: z.string(),
});
export type Audience = z.output<typeof audience>;
export type PreviewRepository = ReturnType<typeof previewRepository>;

export function previewRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** `names`: the merge fields of the content, in lower case. */
    audience: (
      { id }: Pick<CampaignView, "id">,
      owner: string | null,
      names: readonly string[],
    ): Promise<Audience> =>
      callTimeless("preview_campaign", { campaignId: id, owner, names: [...names] }, audience),

    /** Returns the id of the job that sends the test. Calls with the same key return the same id. */
    sendTest: (mail: {
      key: string;
      to: string;
      owner: string;
      fields: Record<string, string | null>;
    }): Promise<string> => call("send_campaign_test", { mail }, z.uuid()),
  };
}
