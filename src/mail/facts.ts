import { z } from "zod";
import { fact } from "#lib/fact.ts";

export const mailFacts = [
  fact({
    type: "mail.reported",
    summary:
      "The mail provider has reported that a mail bounced, was refused or suppressed, or was marked as spam.",
    schema: z.object({
      /** The provider's id of the mail. */
      messageId: z.string(),
      outcome: z.enum(["soft_bounced", "refused", "suppressed", "bounced", "complained"]),
      /** The campaign and the subscriber, for a mail of a campaign. */
      campaignId: z.uuid().optional(),
      subscriberId: z.int().optional(),
      /** The mail's own id, for a mail without a campaign. */
      mailId: z.uuid().optional(),
      occurredAt: z.string(),
    }),
    example: {
      messageId: "56761188-7520-42d8-8898-ff6fc54ce618",
      outcome: "bounced",
      campaignId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
      subscriberId: 42,
      occurredAt: "2026-11-01T09:00:00.000Z",
    },
  }),
];
