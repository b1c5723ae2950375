import { useRef, useState } from "react";
import { type Problem, problemOf } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { type Draft, draftOf } from "./draft.ts";
import { fetchDraft, type Saved, type Stored, storeDraft } from "./store-draft.ts";

/** Why this draft could not be saved. */
export type Failure = { draft: Draft; problem: Problem };

/** The draft as the API has it, and the function that stores it there. */
export function useStoredDraft(given: Campaign | undefined, draft: Draft) {
  const [saved, setSaved] = useState<Saved>(() => ({ campaign: given, draft: draftOf(given) }));
  const [savedAtMs, setSavedAtMs] = useState<number>();
  const [failure, setFailure] = useState<Failure>();
  const newest = useRef(saved);
  const lastTurn = useRef<Promise<unknown>>(Promise.resolve());

  const keep = (stored: Stored) => {
    newest.current = stored;
    setSaved(stored);
    setFailure(undefined);
  };
  const store = async (): Promise<Campaign> => {
    try {
      const stored = await storeDraft(draft, newest.current);
      if (stored.campaign !== newest.current.campaign) setSavedAtMs(Date.now());
      keep(stored);
      return stored.campaign;
    } catch (error) {
      setFailure({ draft, problem: problemOf(error) });
      throw error;
    }
  };
  return {
    saved,
    /** When the page last saved the draft. */
    savedAtMs,
    failure,
    /** One request at a time, because each request needs the version that the previous one returned. */
    save(): Promise<Campaign> {
      const turn = lastTurn.current.then(store, store);
      lastTurn.current = turn;
      return turn;
    },
    /** Replaces the draft by the one that was stored elsewhere. */
    async fetchTheirs(): Promise<Stored> {
      const { campaign } = newest.current;
      if (campaign === undefined) throw new Error("A draft that was never stored has no other author");
      const theirs = await fetchDraft(campaign);
      keep(theirs);
      return theirs;
    },
  };
}
