import { useState } from "react";
import { flushSync } from "react-dom";
import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Letter } from "#dashboard/types.ts";
import { ReprocessLetter } from "#dashboard/views/dead-letters/reprocess-letter.tsx";

type ActionsProps = { letter: Letter; onChange: () => void };

export function LetterActions({ letter, onChange }: ActionsProps) {
  const [reprocessing, setReprocessing] = useState<HTMLElement>();
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
        aria-label={`Reprocess: ${letter.function}`}
        onClick={(event) => setReprocessing(event.currentTarget)}
      >
        <Icon name="retry" /> Reprocess
      </button>
      {reprocessing && (
        <ReprocessLetter
          letter={letter}
          onClose={() => setReprocessing(undefined)}
          onDone={() => {
            // The dialog is closed first: closing returns the focus to the button that opened the dialog. Then the
            // focus moves to the next letter, because the button will be removed.
            flushSync(() => setReprocessing(undefined));
            focusNeighbor(reprocessing.closest("article"));
            onChange();
          }}
        />
      )}
    </div>
  );
}
