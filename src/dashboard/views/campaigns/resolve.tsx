import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Send } from "#dashboard/types.ts";

type ResolveProps = { campaignId: string; send: Send; onChange: () => void };

/**
 * A person resolves an unknown send after looking it up at the provider. The mail is never sent again automatically.
 */
export function Resolve({ campaignId, send, onChange }: ResolveProps) {
  const { run, isBusy } = useAction(async (status: "sent" | "failed", button: HTMLElement) => {
    const note = await confirm({
      title: `Mark as ${status}: ${send.email}?`,
      text: "It is unknown whether this mail was sent: look it up at the provider first.",
      reason: "How do you know?",
      yes: `Mark as ${status}`,
      tone: status === "failed" ? "danger" : "primary",
      no: "Cancel",
    });
    if (note === null) return;
    await api.post(`/api/campaigns/${campaignId}/sends/${send.id}/resolve`, { status, note });
    toast({ tone: "good", text: `${send.email} is marked as ${status}` });
    focusNeighbor(button.closest("tr"));
    onChange();
  });
  if (send.status !== "unknown") return null;
  return (
    <div className="row resolve">
      {(["sent", "failed"] as const).map((status) => (
        <button
          key={status}
          type="button"
          aria-disabled={isBusy}
          aria-label={`Mark as ${status}: ${send.email}`}
          onClick={(event) => run(status, event.currentTarget)}
        >
          Mark as {status}
        </button>
      ))}
    </div>
  );
}
