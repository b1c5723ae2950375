import type { Problem } from "#dashboard/api.ts";
import { Note } from "#dashboard/components/note.tsx";
import { timeOfDay, withStop } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { REQUIRED } from "./draft.ts";

export type SaveStateProps = {
  isSaved: boolean;
  isComplete: boolean;
  /** When the page last saved the draft. */
  savedAtMs: number | undefined;
  problem: Problem | undefined;
  resolve: (take: "theirs" | "mine") => Promise<void>;
};

/** Whether the draft is saved, and if not, why. */
export function SaveState({ isSaved, isComplete, savedAtMs, problem }: SaveStateProps) {
  if (isSaved) return savedAtMs === undefined ? null : <Quiet>Saved {timeOfDay(savedAtMs)}</Quiet>;
  if (problem !== undefined) return <Quiet>Not saved</Quiet>;
  return <Quiet>{isComplete ? "Not saved yet" : `Not saved: ${REQUIRED}`}</Quiet>;
}

const Quiet = ({ children }: { children: React.ReactNode }) => (
  <span className="quiet small">{children}</span>
);

/** Why the draft is not saved. After a conflict the author decides which of the two drafts is kept. */
export function SaveProblem({ isSaved, problem, resolve }: SaveStateProps) {
  const { run, isBusy } = useAction(resolve);
  return (
    <div role="status">
      {!isSaved && problem && (
        <Note tone="warn" icon="alert">
          <strong>Not saved: {withStop(problem.detail)}</strong> {problem.hint}
          {problem.status === 409 && (
            <div className="row composer-conflict">
              <button type="button" aria-disabled={isBusy} onClick={() => run("theirs")}>
                Load the other draft
              </button>
              <button type="button" aria-disabled={isBusy} onClick={() => run("mine")}>
                Replace it with this one
              </button>
            </div>
          )}
        </Note>
      )}
    </div>
  );
}
