import { useState } from "react";
import { api } from "#dashboard/api.ts";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { ActionNote } from "#dashboard/components/states.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { parseJson } from "#dashboard/parse-json.ts";
import type { DryRun, LetterGroup } from "#dashboard/types.ts";
import { DryRunResult } from "#dashboard/views/dead-letters/dry-run-result.tsx";
import { PaceFields } from "#dashboard/views/dead-letters/pace-fields.tsx";
import { PatchField } from "#dashboard/views/dead-letters/patch-field.tsx";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type FormProps = { group: LetterGroup; onClose: () => void; onChange: () => void };

/**
 * Asks how to reprocess all open letters of a cause: the pace and the patch. "Check only" tries the patch and
 * reprocesses nothing.
 */
export function ReprocessGroup({ group, onClose, onChange }: FormProps) {
  const path = `/api/dead-letters/groups/${group.fingerprint}`;
  const { open } = group.counts;
  const [pace, setPace] = useState({ canary: Math.min(3, open), atOnce: 10, haltAfter: 5 });
  const [patch, setPatch] = useState("");
  const [answer, setAnswer] = useState<DryRun>();
  const wanted = () => (patch.trim() === "" ? {} : { patch: parseJson(patch, "patch") });

  const check = async () => setAnswer(await api.post<DryRun>(`${path}/dry-run`, wanted()));
  const reprocess = async () => {
    const { jobId } = await api.post<{ jobId: string }>(`${path}/reprocess`, { ...pace, ...wanted() });
    expectOutcome(jobId, "handle-letter-group");
    toast({ tone: "info", text: `Queued: reprocessing of ${open} dead letters`, href: `#/jobs/${jobId}` });
    onClose();
    onChange();
  };
  const { run, isBusy, problem } = useAction((act: () => Promise<void>) => act(), { isInDialog: true });

  return (
    <Dialog title={`Reprocess ${open} dead letters of ${group.function}?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(reprocess);
        }}
      >
        <PaceFields pace={pace} onChange={setPace} />
        <PatchField
          value={patch}
          onChange={(value) => {
            setPatch(value);
            setAnswer(undefined);
          }}
        />
        <div role="status">{answer && <DryRunResult answer={answer} />}</div>
        <ActionNote problem={problem} />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" aria-disabled={isBusy} onClick={() => run(check)}>
            Check only
          </button>
          <button type="submit" className="primary" aria-disabled={isBusy}>
            Reprocess all
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
