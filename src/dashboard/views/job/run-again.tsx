import { useCallback } from "react";
import type { Accepted } from "#client/index.ts";
import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { JobDetails } from "#dashboard/types.ts";

/** Starts a new job with the event of a job that has ended. */
export function RunAgainButton({ job: { id, kind } }: { job: JobDetails }) {
  const { run, isBusy } = useAction(
    useCallback(async () => {
      const answer = await confirm({
        title: "Run this job again?",
        text: "A new job gets the same event. Mails, payments and pictures are not made twice; a report is made again.",
        yes: "Run again",
      });
      if (answer === null) return;
      const { jobId } = await api.post<Accepted>(`/api/jobs/${id}/run-again`);
      toast({ tone: "info", text: `Queued: ${kind}`, href: `#/jobs/${jobId}` });
      location.hash = `#/jobs/${jobId}`;
    }, [id, kind]),
  );
  return (
    <button type="button" aria-disabled={isBusy} onClick={run}>
      <Icon name="retry" /> Run again
    </button>
  );
}
