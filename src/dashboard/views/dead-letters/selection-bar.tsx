import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Letter } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type BarProps = { letters: readonly Letter[]; onClear: () => void; onChange: () => void };

const many = (count: number) => (count === 1 ? "1 dead letter" : `${count} dead letters`);

/** Reprocesses or ignores the selected dead letters of this page, one after the other. */
export function SelectionBar({ letters, onClear, onChange }: BarProps) {
  const reprocess = useAction(async () => {
    const answer = await confirm({
      title: `Reprocess ${many(letters.length)}?`,
      text: "The work is done again, as new jobs with the original events.",
      yes: "Reprocess",
      no: "Cancel",
    });
    if (answer === null) return;
    try {
      for (const letter of letters) {
        const { jobId } = await api.post<{ jobId: string }>(`${letter.links.self}/reprocess`);
        expectOutcome(jobId, letter.function);
      }
      toast({ tone: "info", text: `Queued: ${many(letters.length)}` });
    } finally {
      onChange();
    }
  });
  const ignore = useAction(async () => {
    const note = await confirm({
      title: `Ignore ${many(letters.length)}?`,
      text: "Their work stays undone. The dead letters are kept.",
      reason: "Why?",
      yes: "Ignore",
      tone: "danger",
      no: "Cancel",
    });
    if (note === null) return;
    try {
      for (const letter of letters) await api.post(`${letter.links.self}/ignore`, { note });
      toast({ tone: "good", text: `Ignored: ${many(letters.length)}` });
    } finally {
      onChange();
    }
  });
  if (letters.length === 0) return null;
  return (
    <section className="card selection" aria-label="Selected dead letters">
      <div className="row apart">
        <span role="status">{letters.length} selected</span>
        <span className="row">
          <button type="button" className="plain" onClick={onClear}>
            Select none
          </button>
          <button type="button" aria-disabled={ignore.isBusy} onClick={() => ignore.run()}>
            Ignore selected
          </button>
          <button type="button" aria-disabled={reprocess.isBusy} onClick={() => reprocess.run()}>
            Reprocess selected
          </button>
        </span>
      </div>
    </section>
  );
}
