import { useEffect, useState } from "react";
import { api } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { changesOf, contentOf, type Draft, draftOf, isEqual } from "./draft.ts";

/** The draft as it is written, and as the API has stored it. A page with unsaved changes asks before it is closed. */
export function useDraft(campaign: Campaign | undefined) {
  const [draft, setDraft] = useState(() => draftOf(campaign));
  const [saved, setSaved] = useState(() => draftOf(campaign));
  const isSaved = isEqual(draft, saved);
  useEffect(() => {
    if (isSaved) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isSaved]);
  return {
    draft,
    isSaved,
    change: (changes: Partial<Draft>) => setDraft((now) => ({ ...now, ...changes })),
    /** Saves the draft and returns the campaign's id. Throws when the API refuses the draft. */
    async save(): Promise<string> {
      if (campaign === undefined) return (await api.post<Campaign>("/api/campaigns", contentOf(draft))).id;
      if (!isSaved) await api.patch(`/api/campaigns/${campaign.id}`, changesOf(draft));
      setSaved(draft);
      return campaign.id;
    },
  };
}
