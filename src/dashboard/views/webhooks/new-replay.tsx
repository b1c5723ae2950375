import { type FormEvent, useState } from "react";
import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { count } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { ReplayState } from "./replay-state.tsx";

/** Shows how many messages a replay would send, asks the user, and starts the replay as a job. */
export function NewReplay({ id }: { id: string }) {
  const [replay, setReplay] = useState<string>();
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const started = await startReplay(id, new FormData(form));
    if (started !== undefined) setReplay(started);
  });
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <>
      <form className="card new-endpoint" aria-label="Replay" onSubmit={ask}>
        <label>
          Replay
          <select name="scope">
            <option value="missing">What was not delivered</option>
            <option value="all">Everything</option>
          </select>
        </label>
        <label>
          Of the last
          <select name="hours">
            <option value="24">24 hours</option>
            <option value="168">7 days</option>
            <option value="720">30 days</option>
          </select>
        </label>
        <label>
          A second
          <input name="perSecond" type="number" min={1} max={1000} defaultValue={50} required />
        </label>
        <button type="submit" aria-disabled={isBusy}>
          Count and replay
        </button>
      </form>
      {replay !== undefined && <ReplayState id={replay} />}
    </>
  );
}

/**
 * Counts the messages, asks the user, and starts the replay. Returns its job; undefined when there is nothing to send,
 * or the user declines.
 */
async function startReplay(id: string, form: FormData): Promise<string | undefined> {
  const hours = Number(form.get("hours"));
  const now = Date.now();
  const period = {
    from: new Date(now - hours * 3_600_000).toISOString(),
    to: new Date(now).toISOString(),
    scope: form.get("scope") === "all" ? "all" : "missing",
  };
  const path = `/api/webhook-endpoints/${id}`;
  const found = await api.get<{ count: number }>(withQuery(`${path}/replay-preview`, period));
  if (found.count === 0) {
    toast({ tone: "info", text: "There is nothing to send again" });
    return undefined;
  }
  const answer = await confirm({
    title: `Send ${count(found.count)} messages again?`,
    text: "Each keeps its webhook-id, so that the receiver can recognise messages that it has.",
    yes: "Replay",
  });
  if (answer === null) return undefined;
  const perSecond = Number(form.get("perSecond"));
  const started = await api.post<{ jobId: string }>(`${path}/replays`, { ...period, perSecond });
  return started.jobId;
}
