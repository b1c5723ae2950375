import { useEffect, useEffectEvent, useState } from "react";
import { problemOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { replaceAddress } from "#dashboard/hooks/use-hash-route.ts";
import { currentKey } from "#dashboard/key.ts";
import type { Campaign } from "#dashboard/types.ts";
import { type Draft, draftOf, isComplete, isEqual, REQUIRED } from "./draft.ts";
import type { SaveStateProps } from "./save-state.tsx";
import { type Continued, type Failure, useStoredDraft } from "./use-stored-draft.ts";

/** The draft is saved when nothing was written for this long. */
const PAUSE_MS = 3_000;
/** How soon a draft is saved again after a temporary failure, such as a lost network. */
const RETRY_MS = 15_000;

/** A new draft that is not saved yet, and its author's API key. */
type KeptDraft = Continued & { draft: Draft; key: string | null };
/** The new draft that its author left before it could be saved. The next new draft goes on with this one. */
let kept: KeptDraft | undefined;

/**
 * The draft as the author writes it, and as the API has it. The page saves the draft automatically. When the draft was
 * also changed elsewhere, the author first decides which version is kept. A page with unsaved changes asks before it is
 * closed.
 */
export function useDraft(given: Campaign | undefined) {
  const [continued] = useState(() => (given === undefined && kept?.key === currentKey() ? kept : undefined));
  const [draft, setDraft] = useState(() => continued?.draft ?? draftOf(given));
  const stored = useStoredDraft(given, draft, continued);
  const { saved, savedAtMs, failure, save, fetchTheirs, newest, idempotencyKey } = stored;
  const isSaved = saved.unanswered === undefined && isEqual(draft, saved.draft);
  const problem = failure?.problem;
  const needsAuthor = problem?.status === 409;
  useAutosave({ draft, failure, save, isReady: !isSaved && isComplete(draft) && !needsAuthor });
  const isOnlyHere = given === undefined && saved.campaign === undefined && !isSaved;
  useLastSave({
    save,
    isSaved,
    isOnlyHere,
    obstacle: needsAuthor ? problem?.detail : isComplete(draft) ? undefined : REQUIRED,
  });
  useEffect(() => {
    if (given === undefined)
      kept = isOnlyHere ? { draft, key: currentKey(), newest, idempotencyKey } : undefined;
  }, [given, draft, isOnlyHere, newest, idempotencyKey]);
  const id = saved.campaign?.id;
  useEffect(() => {
    if (given === undefined && id !== undefined && location.hash === "#/campaigns/new")
      replaceAddress(`#/campaigns/${id}`);
  }, [given, id]);
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
  const state: SaveStateProps = {
    isSaved,
    isComplete: isComplete(draft),
    savedAtMs,
    problem,
    resolve,
  };
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
}

type LastSaveOptions = {
  isSaved: boolean;
  /** Whether this is a new draft that was never saved. Such a draft is kept for the author's next visit. */
  isOnlyHere: boolean;
  /** Why the draft cannot be saved now. */
  obstacle: string | undefined;
  save: () => Promise<unknown>;
};

/** Saves the draft when the user opens another view. When that fails, a message says so. */
function useLastSave({ isSaved, isOnlyHere, obstacle, save }: LastSaveOptions): void {
  const leave = useEffectEvent(() => {
    if (isSaved) return;
    const tell = (why: string) =>
      isOnlyHere
        ? toast({ tone: "info", text: `The draft waits in this tab, not saved: ${why}` })
        : toast({ tone: "bad", text: `The draft was not saved: ${why}` });
    if (currentKey() === null) tell("the page has no key");
    else if (obstacle !== undefined) tell(obstacle);
    else {
      const keptBefore = kept;
      save().then(
        () => {
          if (kept === keptBefore) kept = undefined;
        },
        (error: unknown) => tell(problemOf(error).detail),
      );
    }
  });
  useEffect(() => () => leave(), []);
}
