import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { ApiKey } from "#dashboard/types.ts";

type RevokeProps = { apiKey: Pick<ApiKey, "id" | "name">; onChange: () => void };

export function RevokeKey({ apiKey: { id, name }, onChange }: RevokeProps) {
  const { run, isBusy } = useAction(async () => {
    const answer = await confirm({
      title: `Revoke ${name}?`,
      text: "Requests with this key are refused from now on. A revoked key cannot be restored.",
      yes: "Revoke key",
      tone: "danger",
    });
    if (answer === null) return;
    await api.remove(`/api/keys/${id}`);
    focusNeighbor(null);
    toast({ tone: "info", text: `${name} is revoked` });
    onChange();
  });
  return (
    <button type="button" aria-label={`Revoke: ${name}`} aria-disabled={isBusy} onClick={() => run()}>
      Revoke
    </button>
  );
}
