import { useState } from "react";
import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Endpoint } from "#dashboard/types.ts";
import { SecretDialog } from "./secret-dialog.tsx";

type ActionsProps = { endpoint: Endpoint; onChange: () => void };

export function EndpointActions({ endpoint: { id, status, url }, onChange }: ActionsProps) {
  const [secret, setSecret] = useState<string>();
  const path = `/api/webhook-endpoints/${id}`;
  const test = useAction(async () => {
    await api.post(`${path}/test`, {});
    toast({ tone: "info", text: "A test event is on its way" });
    onChange();
  });
  const toggle = useAction(async () => {
    await api.post(`${path}/${status === "enabled" ? "disable" : "enable"}`);
    onChange();
  });
  const rotate = useAction(async () => {
    const answer = await confirm({
      title: "Replace the signing secret?",
      text: "For 24 hours both secrets sign, so that the receiver can change over.",
      yes: "Replace secret",
    });
    if (answer === null) return;
    setSecret((await api.post<{ secret: string }>(`${path}/rotate-secret`, {})).secret);
    onChange();
  });
  const remove = useAction(async () => {
    const answer = await confirm({
      title: "Delete this endpoint?",
      text: `${url} receives nothing more, and its log is deleted.`,
      yes: "Delete endpoint",
      tone: "danger",
    });
    if (answer === null) return;
    await api.remove(path);
    location.hash = "#/webhooks";
  });
  return (
    <>
      {status === "enabled" && (
        <button type="button" className="primary" aria-disabled={test.isBusy} onClick={() => test.run()}>
          Send test event
        </button>
      )}
      <button type="button" aria-disabled={toggle.isBusy} onClick={() => toggle.run()}>
        {status === "enabled" ? "Disable" : "Enable"}
      </button>
      <button type="button" aria-disabled={rotate.isBusy} onClick={() => rotate.run()}>
        Replace secret
      </button>
      <button type="button" aria-disabled={remove.isBusy} onClick={() => remove.run()}>
        Delete
      </button>
      {secret !== undefined && (
        <SecretDialog secret={secret} onClose={() => setSecret(undefined)}>
          The old one signs too for 24 hours.
        </SecretDialog>
      )}
    </>
  );
}
