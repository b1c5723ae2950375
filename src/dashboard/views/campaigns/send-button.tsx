import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Campaign } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

export function SendButton({ campaign, onChange }: { campaign: Campaign; onChange: () => void }) {
  const { id, name } = campaign;
  const { run, isBusy } = useAction(async () => {
    const answer = await confirm({
      title: `Send “${name}”?`,
      text: "It is sent to all active subscribers of its list, and cannot be changed any more.",
      yes: "Send it",
      no: "Not yet",
    });
    if (answer === null) return;
    const { jobId } = await api.post<{ jobId: string }>(`/api/campaigns/${id}/send`);
    expectOutcome(jobId, name);
    toast({ tone: "info", text: `Queued: ${name}`, href: `#/jobs/${jobId}` });
    focusNeighbor(null);
    onChange();
  });
  return (
    <button type="button" className="primary" aria-disabled={isBusy} onClick={() => run()}>
      Send
    </button>
  );
}
