import { useEffect, useEffectEvent, useState } from "react";
import type { Campaign } from "#dashboard/types.ts";
import { type Draft, draftOf, isComplete, isEqual } from "./draft.ts";
import type { SaveStateProps } from "./save-state.tsx";
import { type Failure, useStoredDraft } from "./use-stored-draft.ts";

/** The draft is saved when nothing was written for this long. */
const PAUSE_MS = 3_000;
/** How soon a draft is saved again after a temporary failure, such as a lost network. */
const RETRY_MS = 15_000;

/**
 * The draft as it is written, and as the API has it. It saves itself. When it was changed elsewhere, too, the author
 * decides first. A page with unsaved changes asks before it is closed.
 */
export function useDraft(given: Campaign | undefined) {
  const [draft, setDraft] = useState(() => draftOf(given));
  const { saved, savedAtMs, failure, save, fetchTheirs } = useStoredDraft(given, draft);
  const isSaved = isEqual(draft, saved.draft);
  const hasConflict = failure?.problem.status === 409;
  useAutosave({ draft, failure, save, isReady: !isSaved && isComplete(draft) && !hasConflict });
  useEffect(() => {
    if (isSaved) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isSaved]);

  async function resolve(take: "theirs" | "mine"): Promise<void> {
    const theirs = await fetchTheirs();
    if (take === "theirs") setDraft(theirs.draft);
    else await save();
  }
  const problem = failure?.problem;
  const state: SaveStateProps = { isSaved, isComplete: isComplete(draft), savedAtMs, problem, resolve };
  return {
    draft,
    /** The campaign as the API has it; undefined until a new draft is saved for the first time. */
    campaign: saved.campaign,
    state,
    change: (changes: Partial<Draft>) => setDraft((now) => ({ ...now, ...changes })),
    /** Throws when the API refuses the draft. */
    save,
  };
}

type AutosaveOptions = {
  draft: Draft;
  isReady: boolean;
  failure: Failure | undefined;
  save: () => Promise<unknown>;
};

function useAutosave({ draft, isReady, failure, save }: AutosaveOptions): void {
  const saveQuietly = useEffectEvent(() => {
    // The failure is shown by `SaveProblem`.
    if (isReady) save().catch(() => {});
  });
  useEffect(() => {
    if (!isReady) return undefined;
    const hasFailed = failure?.draft === draft;
    if (hasFailed && !failure.problem.isPassing) return undefined;
    const timer = setTimeout(saveQuietly, hasFailed ? RETRY_MS : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, isReady, failure]);
  // Saves the draft when the user opens another view.
  useEffect(() => () => saveQuietly(), []);
}
