import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Letter } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type ActionsProps = { letter: Letter; onChange: () => void };

export function LetterActions({ letter, onChange }: ActionsProps) {
  const reprocess = useAction(async (button: HTMLElement) => {
    const answer = await confirm({
      title: `Reprocess ${letter.function}?`,
      text: "The work is done again, as a new job with the original event.",
      yes: "Reprocess",
      no: "Cancel",
    });
    if (answer === null) return;
    const { jobId } = await api.post<{ jobId: string }>(`${letter.links.self}/reprocess`);
    expectOutcome(jobId, letter.function);
    toast({ tone: "info", text: `Queued: ${letter.function}`, href: `#/jobs/${jobId}` });
    focusNeighbor(button.closest("article"));
    onChange();
  });
  const ignore = useAction(async (button: HTMLElement) => {
    const note = await confirm({
      title: `Ignore ${letter.function}?`,
      text: "The work stays undone. The dead letter is kept.",
      reason: "Why?",
      yes: "Ignore",
      tone: "danger",
      no: "Cancel",
    });
    if (note === null) return;
    await api.post(`${letter.links.self}/ignore`, { note });
    toast({ tone: "good", text: `Ignored: ${letter.function}` });
    focusNeighbor(button.closest("article"));
    onChange();
  });

  if (letter.status !== "failed") return null;
  return (
    <div className="row">
      <button
        type="button"
        aria-disabled={ignore.isBusy}
        aria-label={`Ignore: ${letter.function}`}
        onClick={(event) => ignore.run(event.currentTarget)}
      >
        Ignore
      </button>
      <button
        type="button"
        aria-disabled={reprocess.isBusy}
        aria-label={`Reprocess: ${letter.function}`}
        onClick={(event) => reprocess.run(event.currentTarget)}
      >
        <Icon name="retry" /> Reprocess
      </button>
    </div>
  );
}
