import { hasEnded } from "#client/index.ts";
import { api } from "#dashboard/api.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { WebhookReplay } from "#dashboard/types.ts";

/** The state of a replay that was started here, until the page is left. Its jobs stay in the list of jobs. */
export function ReplayState({ id }: { id: string }) {
  const { data: replay, reload } = useApi<WebhookReplay>(`/api/webhook-replays/${id}`, {
    isNews: ({ job }) => job.function === "replay-webhooks",
  });
  const pause = useAction(async () => {
    await api.post(`/api/webhook-replays/${id}/${replay?.isPaused ? "resume" : "pause"}`);
    reload();
  });
  const cancel = useAction(async () => {
    if (replay) await api.remove(replay.jobUrl);
    reload();
  });
  if (!replay) return null;
  const { isPaused, status, progress, jobUrl } = replay;
  const isOver = hasEnded({ status });
  return (
    <Card
      title="Replay"
      actions={
        !isOver && (
          <>
            <button type="button" aria-disabled={pause.isBusy} onClick={() => pause.run()}>
              {isPaused ? "Resume" : "Pause"}
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
        <Badge status={isPaused && !isOver ? "held" : status}>
          {isPaused && !isOver ? "paused" : status}
        </Badge>{" "}
        {progress && `${progress.done} of ${progress.total} queued. `}
        <a href={jobUrl.replace("/api", "#")}>Job</a>
      </p>
    </Card>
  );
}
