import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Schedule } from "#dashboard/types.ts";

type ActionsProps = { schedule: Pick<Schedule, "name" | "paused">; onChange: () => void };

/**
 * Buttons to run a schedule now, and to pause or resume it. In a list, their names for screen readers include the
 * schedule's name.
 */
export function ScheduleActions({ schedule: { name, paused }, onChange }: ActionsProps) {
  const path = `/api/schedules/${name}`;
  const start = useAction(async () => {
    const answer = await api.post<{ jobId?: string }>(`${path}/run`);
    const text =
      answer.jobId === undefined ? `${name} runs with the next housekeeping` : `${name} was started`;
    toast({ tone: "info", text });
    onChange();
  });
  const toggle = useAction(async () => {
    await api.post(`${path}/${paused === null ? "pause" : "resume"}`);
    onChange();
  });
  const verb = paused === null ? "Pause" : "Resume";
  return (
    <>
      <button
        type="button"
        aria-label={`Run now: ${name}`}
        aria-disabled={start.isBusy}
        onClick={() => start.run()}
      >
        Run now
      </button>
      <button
        type="button"
        aria-label={`${verb}: ${name}`}
        aria-disabled={toggle.isBusy}
        onClick={() => toggle.run()}
      >
        {verb}
      </button>
    </>
  );
}
