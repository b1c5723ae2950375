import { api } from "#dashboard/api.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { JobDetails } from "#dashboard/types.ts";

type Replay = { isPaused: boolean };

/** The state of a replay that was started here, until the page is left. Its job stays in the list of jobs. */
export function ReplayState({ id }: { id: string }) {
  const { data: job, reload } = useApi<JobDetails>(`/api/jobs/${id}`, {
    isNews: (change) => change.job.id === id,
  });
  const { data: replay, reload: look } = useApi<Replay>(`/api/webhook-replays/${id}`);
  const pause = useAction(async () => {
    await api.post(`/api/webhook-replays/${id}/${replay?.isPaused ? "resume" : "pause"}`);
    look();
  });
  const cancel = useAction(async () => {
    await api.remove(`/api/jobs/${id}`);
    reload();
  });
  if (!job || !replay) return null;
  const isOver = job.endedAt !== null;
  return (
    <Card
      title="Replay"
      actions={
        !isOver && (
          <>
            <button type="button" aria-disabled={pause.isBusy} onClick={() => pause.run()}>
              {replay.isPaused ? "Resume" : "Pause"}
            </button>
            <button
              type="button"
              className="danger"
              aria-disabled={cancel.isBusy}
              onClick={() => cancel.run()}
            >
              Cancel
            </button>
          </>
        )
      }
    >
      <p role="status">
        <Badge status={replay.isPaused && !isOver ? "held" : job.status}>
          {replay.isPaused && !isOver ? "paused" : job.status}
        </Badge>{" "}
        {job.progress && `${job.progress.done} of ${job.progress.total} queued. `}
        <a href={`#/jobs/${id}`}>Job</a>
      </p>
    </Card>
  );
}
