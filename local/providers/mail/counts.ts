/** `recipients` and `duplicates` count mails that name their campaign. */
export type Counts = { accepted: number; recipients: number; duplicates: number };
type Campaign = { accepted: number; duplicates: number; recipients: Set<string> };

/**
 * For each campaign, the recipients who got a mail, so that a second mail of the campaign to one recipient is detected.
 */
export class CampaignCounts {
  readonly #campaigns = new Map<string, Campaign>();
  #accepted = 0;

  add({ campaignId, to }: { campaignId?: string | undefined; to: readonly string[] }): void {
    this.#accepted += 1;
    if (campaignId === undefined) return;
    let campaign = this.#campaigns.get(campaignId);
    if (campaign === undefined) {
      campaign = { accepted: 0, duplicates: 0, recipients: new Set() };
      this.#campaigns.set(campaignId, campaign);
    }
    campaign.accepted += 1;
    for (const recipient of to) {
      if (campaign.recipients.has(recipient)) campaign.duplicates += 1;
      campaign.recipients.add(recipient);
    }
  }

  of(campaignId?: string): Counts {
    if (campaignId !== undefined) return countsOf(this.#campaigns.get(campaignId));
    const counts = { accepted: this.#accepted, recipients: 0, duplicates: 0 };
    for (const { recipients, duplicates } of this.#campaigns.values()) {
      counts.recipients += recipients.size;
      counts.duplicates += duplicates;
    }
    return counts;
  }
}

const countsOf = (campaign: Campaign | undefined): Counts => ({
  accepted: campaign?.accepted ?? 0,
  recipients: campaign?.recipients.size ?? 0,
  duplicates: campaign?.duplicates ?? 0,
});
