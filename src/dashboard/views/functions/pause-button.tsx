import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { count } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Activity } from "#dashboard/types.ts";

type PauseProps = { activity: Pick<Activity, "function" | "paused">; onChange: () => void };

/** A pause is confirmed first, because new work waits until the function is resumed. Resuming is not confirmed. */
export function PauseButton({ activity: { function: id, paused }, onChange }: PauseProps) {
  const { run, isBusy } = useAction(async () => {
    if (paused === null) {
      const answer = await confirm({
        title: `Pause ${id}?`,
        text: "New jobs are accepted and wait until you resume it. Jobs that the engine already has are finished.",
        yes: "Pause",
      });
      if (answer === null) return;
    }
    const { jobs } = await api.post<{ jobs: number }>(
      `/api/functions/${id}/${paused === null ? "pause" : "resume"}`,
    );
    const many = `${count(jobs)} ${jobs === 1 ? "job" : "jobs"}`;
    toast({
      tone: "info",
      text: paused === null ? `${id} is paused; ${many} held` : `${id} is resumed; ${many} released`,
    });
    onChange();
  });
  return (
    <button type="button" aria-disabled={isBusy} onClick={() => run()}>
      <Icon name={paused === null ? "pause" : "play"} /> {paused === null ? "Pause" : "Resume"}
    </button>
  );
}
