import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Campaign } from "#dashboard/types.ts";
import { isAtRest } from "./progress.ts";

type ActionsProps = { campaign: Campaign; onChange: () => void };

/** Pauses, resumes and cancels a campaign that is under way. */
export function CampaignActions({ campaign: { id, name, status, jobId, pausedAt }, onChange }: ActionsProps) {
  const { run, isBusy } = useAction(async (action: "pause" | "resume" | "cancel") => {
    if (action === "cancel") {
      if (jobId === null || !(await wantsCancel(name))) return;
      await api.cancel(jobId);
    } else {
      await api.post(`/api/campaigns/${id}/${action}`);
      toast({ tone: "info", text: action === "pause" ? `${name} is paused` : `${name} continues` });
    }
    onChange();
  });
  if (isAtRest(status)) return null;
  // One button pauses and resumes, so that the focus stays on it when its action changes.
  const next = pausedAt === null ? "pause" : "resume";
  return (
    <>
      <button type="button" aria-disabled={isBusy} onClick={() => run(next)}>
        <Icon name={next === "pause" ? "pause" : "play"} /> {next === "pause" ? "Pause" : "Resume"}
      </button>
      <button type="button" className="danger" aria-disabled={isBusy} onClick={() => run("cancel")}>
        <Icon name="stop" /> Cancel
      </button>
    </>
  );
}

const wantsCancel = async (name: string): Promise<boolean> =>
  (await confirm({
    title: `Cancel “${name}”?`,
    text: "The batches in flight are sent; the other recipients get no mail. This cannot be undone.",
    yes: "Cancel campaign",
    no: "Go on",
    tone: "danger",
  })) !== null;
