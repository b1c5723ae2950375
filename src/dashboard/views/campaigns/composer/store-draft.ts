import { api, Problem } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { changesOf, contentOf, type Draft, draftOf, isEqual } from "./draft.ts";

/** The campaign as the API last returned it, and the same fields as a draft. */
export type Saved = { campaign: Campaign | undefined; draft: Draft };
export type Stored = Saved & { campaign: Campaign };

const pathOf = ({ id }: Pick<Campaign, "id">) => `/api/campaigns/${id}`;

/** Stores the draft unless it is stored already. Throws a conflict when the campaign was changed elsewhere since then. */
export async function storeDraft(draft: Draft, saved: Saved): Promise<Stored> {
  const { campaign } = saved;
  if (campaign === undefined)
    return { draft, campaign: await api.post<Campaign>("/api/campaigns", contentOf(draft)) };
  if (isEqual(draft, saved.draft)) return { ...saved, campaign };
  const changes = { ...changesOf(draft), version: campaign.version };
  try {
    return { draft, campaign: await api.patch<Campaign>(pathOf(campaign), changes) };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 409) throw error;
    // The change may come from our own request whose answer was lost.
    const theirs = await fetchDraft(campaign);
    if (!isEqual(theirs.draft, { ...draft, name: draft.name || theirs.draft.name })) throw error;
    return { draft, campaign: theirs.campaign };
  }
}

export async function fetchDraft({ id }: Pick<Campaign, "id">): Promise<Stored> {
  const campaign = await api.get<Campaign>(pathOf({ id }));
  return { campaign, draft: draftOf(campaign) };
}
