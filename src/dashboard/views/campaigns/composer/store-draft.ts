import { api, problemOf } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { changesOf, contentOf, type Draft, draftOf, isEqual } from "./draft.ts";
import { isSameMailbox } from "./mailbox.ts";

/** The campaign as the API last returned it, and the same fields as a draft. */
export type Saved = {
  campaign: Campaign | undefined;
  draft: Draft;
  /**
   * A draft that was sent to the API, but whose answer has not arrived or was lost. The API may have stored this draft.
   */
  unanswered?: Draft | undefined;
};
export type Stored = Saved & { campaign: Campaign };

const pathOf = ({ id }: Pick<Campaign, "id">) => `/api/campaigns/${id}`;

/**
 * Stores the draft. Throws a conflict when the campaign was changed elsewhere since it was last fetched. A new campaign
 * is made under `idempotencyKey`, so that a repeated request makes no second campaign.
 */
export async function storeDraft(
  draft: Draft,
  campaign: Campaign | undefined,
  idempotencyKey: string,
): Promise<Stored> {
  if (campaign === undefined)
    return {
      draft,
      campaign: await api.post<Campaign>("/api/campaigns", contentOf(draft), { idempotencyKey }),
    };
  const changes = { ...changesOf(draft), version: campaign.version };
  return { draft, campaign: await api.patch<Campaign>(pathOf(campaign), changes) };
}

/** A 4xx answer means that the API stored nothing, except these: the same request may be accepted later. */
const NOT_FINAL = [401, 408, 409, 429];
const isFinal = (status: number) => status >= 400 && status < 500 && !NOT_FINAL.includes(status);

/**
 * Finds out whether the API stored a draft when the answer to that request was lost. If the draft was stored, the
 * campaign has a new version, and the next change would conflict with that version. A request for a new campaign is
 * repeated unchanged, because for the same request the API returns the campaign that it has already made. If the API
 * answers the repetition with 4xx (other than 401, 408, 409 and 429), it has made no campaign.
 */
export async function settleUnanswered(
  { campaign, draft, unanswered }: Saved,
  idempotencyKey: string,
): Promise<Saved> {
  if (unanswered === undefined) return { campaign, draft };
  if (campaign === undefined)
    return storeDraft(unanswered, undefined, idempotencyKey).catch((error: unknown) => {
      if (isFinal(problemOf(error).status)) return { campaign, draft };
      throw error;
    });
  const theirs = await fetchDraft(campaign);
  // The API completes a missing name, and writes addresses in its own form.
  const { name, from, replyTo } = theirs.draft;
  const isStored =
    theirs.campaign.version !== campaign.version &&
    isSameMailbox(from, unanswered.from) &&
    isSameMailbox(replyTo, unanswered.replyTo) &&
    isEqual(theirs.draft, { ...unanswered, name: unanswered.name || name, from, replyTo });
  return isStored ? { campaign: theirs.campaign, draft: unanswered } : { campaign, draft };
}

export async function fetchDraft({ id }: Pick<Campaign, "id">): Promise<Stored> {
  const campaign = await api.get<Campaign>(pathOf({ id }));
  return { campaign, draft: draftOf(campaign) };
}
