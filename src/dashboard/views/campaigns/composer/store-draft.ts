import { api } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { changesOf, contentOf, type Draft, draftOf, isEqual } from "./draft.ts";

/** The campaign as the API last returned it, and the same fields as a draft. */
export type Saved = {
  campaign: Campaign | undefined;
  draft: Draft;
  /** A draft that was sent, and whose answer is not here yet or was lost: the API may have stored it. */
  unanswered?: Draft | undefined;
};
export type Stored = Saved & { campaign: Campaign };

const pathOf = ({ id }: Pick<Campaign, "id">) => `/api/campaigns/${id}`;

/** Stores the draft. Throws a conflict when the campaign was changed elsewhere since it was last read. */
export async function storeDraft(draft: Draft, campaign: Campaign | undefined): Promise<Stored> {
  if (campaign === undefined)
    return { draft, campaign: await api.post<Campaign>("/api/campaigns", contentOf(draft)) };
  const changes = { ...changesOf(draft), version: campaign.version };
  return { draft, campaign: await api.patch<Campaign>(pathOf(campaign), changes) };
}

/**
 * Finds out whether the API stored a draft when the answer to that request was lost. If it did, the campaign has a new
 * version, and the next change would conflict with it.
 */
export async function settleUnanswered({ campaign, draft, unanswered }: Saved): Promise<Saved> {
  if (campaign === undefined || unanswered === undefined) return { campaign, draft };
  const theirs = await fetchDraft(campaign);
  const isStored = isEqual(theirs.draft, { ...unanswered, name: unanswered.name || theirs.draft.name });
  return isStored ? { campaign: theirs.campaign, draft: unanswered } : { campaign, draft };
}

export async function fetchDraft({ id }: Pick<Campaign, "id">): Promise<Stored> {
  const campaign = await api.get<Campaign>(pathOf({ id }));
  return { campaign, draft: draftOf(campaign) };
}
