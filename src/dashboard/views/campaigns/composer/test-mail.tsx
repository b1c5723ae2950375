import { type FormEvent, useState } from "react";
import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Campaign } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type TestMailProps = { save: () => Promise<Pick<Campaign, "id">> };

/** Sends the draft to one address. */
export function TestMail({ save }: TestMailProps) {
  const [to, setTo] = useState("");
  const { run, isBusy } = useAction(async () => {
    const { id } = await save();
    const { jobId } = await api.post<{ jobId: string }>(`/api/campaigns/${id}/test`, { to });
    expectOutcome(jobId, `Test mail to ${to}`);
    toast({ tone: "info", text: `Test mail to ${to} is queued`, href: `#/jobs/${jobId}` });
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  return (
    <form className="row composer-test" aria-label="Test mail" onSubmit={send}>
      <label>
        Test mail to
        <input
          type="email"
          required
          maxLength={320}
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      <button type="submit" aria-disabled={isBusy}>
        Send test
      </button>
    </form>
  );
}
