import { z } from "zod";
import { fact } from "#lib/fact.ts";

const campaign = z.object({
  campaignId: z.uuid(),
  jobId: z.uuid(),
  recipients: z.int(),
  /** Outcome → number of mails. */
  counts: z.record(z.string(), z.int()),
});
const example = {
  campaignId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
  jobId: "8d1b3c5a-2f47-4c60-9a8b-7e6d5c4b3a21",
  recipients: 1000,
  counts: { sent: 998, failed: 2 },
};

export const campaignFacts = [
  fact({
    type: "campaign.completed",
    summary: "Every recipient of a campaign has an outcome.",
    schema: campaign,
    example,
  }),
  fact({
    type: "campaign.failed",
    summary: "A campaign cannot continue; its dead letter says why.",
    schema: campaign,
    example: { ...example, counts: { sent: 600 } },
  }),
];
