import { useState } from "react";
import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { LetterGroup } from "#dashboard/types.ts";
import { ReprocessGroup } from "#dashboard/views/dead-letters/reprocess-group.tsx";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type ActionsProps = { group: LetterGroup; onChange: () => void };

/** Reprocesses or ignores all open letters of a cause, as one job. */
export function GroupActions({ group, onChange }: ActionsProps) {
  const path = `/api/dead-letters/groups/${group.fingerprint}`;
  const { open } = group.counts;

  const [isAsking, setIsAsking] = useState(false);

  const ignore = useAction(async () => {
    const note = await confirm({
      title: `Ignore ${open} dead letters of ${group.function}?`,
      text: "Their work stays undone. The dead letters are kept.",
      reason: "Why?",
      yes: "Ignore all",
      tone: "danger",
      no: "Cancel",
    });
    if (note === null) return;
    const { jobId } = await api.post<{ jobId: string }>(`${path}/ignore`, { note });
    expectOutcome(jobId, "handle-letter-group");
    toast({ tone: "info", text: `Queued: ignoring of ${open} dead letters`, href: `#/jobs/${jobId}` });
    onChange();
  });

  return (
    <>
      <button
        type="button"
        aria-disabled={ignore.isBusy}
        aria-label={`Ignore all: ${group.function}`}
        onClick={() => ignore.run()}
      >
        Ignore all
      </button>
      <button type="button" aria-label={`Reprocess all: ${group.function}`} onClick={() => setIsAsking(true)}>
        <Icon name="retry" /> Reprocess all
      </button>
      {isAsking && <ReprocessGroup group={group} onClose={() => setIsAsking(false)} onChange={onChange} />}
    </>
  );
}
