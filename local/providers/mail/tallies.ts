/** `recipients` and `duplicates` count mails that name their campaign. */
export type Counts = { accepted: number; recipients: number; duplicates: number };
type Tally = { accepted: number; duplicates: number; recipients: Set<string> };

/** Which recipients got mail of which campaign, to detect a second mail to one of them. */
export class Tallies {
  readonly #campaigns = new Map<string, Tally>();
  #accepted = 0;

  add({ campaignId, to }: { campaignId?: string | undefined; to: readonly string[] }): void {
    this.#accepted += 1;
    if (campaignId === undefined) return;
    let tally = this.#campaigns.get(campaignId);
    if (tally === undefined) {
      tally = { accepted: 0, duplicates: 0, recipients: new Set() };
      this.#campaigns.set(campaignId, tally);
    }
    tally.accepted += 1;
    for (const recipient of to) {
      if (tally.recipients.has(recipient)) tally.duplicates += 1;
      tally.recipients.add(recipient);
    }
  }

  counts(campaignId?: string): Counts {
    if (campaignId !== undefined) return countsOf(this.#campaigns.get(campaignId));
    const counts = { accepted: this.#accepted, recipients: 0, duplicates: 0 };
    for (const { recipients, duplicates } of this.#campaigns.values()) {
      counts.recipients += recipients.size;
      counts.duplicates += duplicates;
    }
    return counts;
  }
}

const countsOf = (tally: Tally | undefined): Counts => ({
  accepted: tally?.accepted ?? 0,
  recipients: tally?.recipients.size ?? 0,
  duplicates: tally?.duplicates ?? 0,
});
