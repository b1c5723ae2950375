import { useState } from "react";
import { api } from "#dashboard/api.ts";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { ActionNote } from "#dashboard/components/states.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { parseJson } from "#dashboard/parse-json.ts";
import type { Letter } from "#dashboard/types.ts";
import { PatchField } from "#dashboard/views/dead-letters/patch-field.tsx";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type FormProps = { letter: Letter; onClose: () => void; onDone: () => void };

/** Asks before one dead letter is reprocessed. A patch that does not fit is refused, and the dialog stays open. */
export function ReprocessLetter({ letter, onClose, onDone }: FormProps) {
  const [patch, setPatch] = useState("");
  const { run, isBusy, problem } = useAction(
    async () => {
      const wanted = patch.trim() === "" ? {} : { patch: parseJson(patch, "patch") };
      const { jobId } = await api.post<{ jobId: string }>(`${letter.links.self}/reprocess`, wanted);
      expectOutcome(jobId, letter.function);
      toast({ tone: "info", text: `Queued: ${letter.function}`, href: `#/jobs/${jobId}` });
      onDone();
    },
    { isInDialog: true },
  );
  return (
    <Dialog title={`Reprocess ${letter.function}?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <p>The work is done again, as a new job with the original event.</p>
        <PatchField value={patch} onChange={setPatch} />
        <ActionNote problem={problem} />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" aria-disabled={isBusy}>
            Reprocess
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
