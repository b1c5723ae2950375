import { type RefObject, useRef, useState } from "react";
import { type Problem, problemOf } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { type Draft, draftOf, isEqual } from "./draft.ts";
import { fetchDraft, type Saved, type Stored, settleUnanswered, storeDraft } from "./store-draft.ts";

/** Why this draft could not be saved. */
export type Failure = { draft: Draft; problem: Problem };

/** What an earlier composer knew of a new draft, so that another one goes on with the same draft. */
export type Continued = { newest: RefObject<Saved>; idempotencyKey: string };

/**
 * Whether the API may have stored the draft: no answer came, or an answer such as 503, which the API
 * also gives while the database still works on the request.
 */
const isLost = ({ status }: Problem) => status === 0 || status >= 500;

/** The draft as the API has it, and the function that sends a changed draft to the API. */
export function useStoredDraft(given: Campaign | undefined, draft: Draft, continued?: Continued) {
  const [saved, setSaved] = useState<Saved>(
    () => continued?.newest.current ?? { campaign: given, draft: draftOf(given) },
  );
  const [savedAtMs, setSavedAtMs] = useState<number>();
  const [failure, setFailure] = useState<Failure>();
  const newest = useRef(saved);
  /** The idempotency key of a new draft. */
  const [idempotencyKey] = useState(() => continued?.idempotencyKey ?? crypto.randomUUID());
  const lastTurn = useRef<Promise<unknown>>(Promise.resolve());

  const set = (next: Saved) => {
    newest.current = next;
    setSaved(next);
  };
  const keep = (stored: Stored) => {
    set(stored);
    setFailure(undefined);
  };
  const store = async (): Promise<Campaign> => {
    const before = newest.current;
    try {
      const known = await settleUnanswered(before, idempotencyKey);
      const { campaign } = known;
      let stored: Stored;
      if (campaign !== undefined && isEqual(draft, known.draft)) stored = { ...known, campaign };
      else {
        set({ ...known, unanswered: draft });
        stored = await storeDraft(draft, campaign, idempotencyKey);
      }
      if (stored.campaign !== before.campaign) setSavedAtMs(Date.now());
      keep(stored);
      return stored.campaign;
    } catch (error) {
      const problem = problemOf(error);
      if (!isLost(problem) && newest.current !== before) set({ ...newest.current, unanswered: undefined });
      setFailure({ draft, problem });
      throw error;
    }
  };
  return {
    saved,
    newest,
    idempotencyKey,
    /** When the page last saved the draft. */
    savedAtMs,
    failure,
    /** One request at a time, because each request needs the version that the previous request returned. */
    save(): Promise<Campaign> {
      const turn = lastTurn.current.then(store, store);
      lastTurn.current = turn;
      return turn;
    },
    /** Replaces the draft with the one that was stored elsewhere. */
    async fetchTheirs(): Promise<Stored> {
      const { campaign } = newest.current;
      if (campaign === undefined) throw new Error("A draft that was never stored has no other author");
      const theirs = await fetchDraft(campaign);
      keep(theirs);
      return theirs;
    },
  };
}
