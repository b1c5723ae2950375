import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { count } from "#dashboard/format.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";

type Period = {
  source: string | undefined;
  type: string | undefined;
  status: string | undefined;
  from: string;
  to: string;
};

/** Counts the webhooks, asks the user, and starts the replay as a job. Then shows the job's page. */
export async function replayPeriod(period: Period, perSecond: number): Promise<void> {
  const found = await api.get<{ count: number }>(withQuery("/api/webhook-inbox/replay-preview", period));
  if (found.count === 0) toast({ tone: "info", text: "There is nothing to handle again" });
  else await replay({ ...period, perSecond }, found.count);
}

export const replayOne = ({ source, id }: { source: string; id: string }): Promise<void> =>
  replay({ source, ids: [id] }, 1);

async function replay(asked: object, number: number): Promise<void> {
  const answer = await confirm({
    title: `Handle ${count(number)} ${number === 1 ? "webhook" : "webhooks"} again?`,
    text: "Each takes effect once more: counts of GitHub grow again, and objects of Stripe end in their present state.",
    yes: "Replay",
    no: "Leave them",
  });
  if (answer === null) return;
  const { jobId } = await api.post<{ jobId: string }>("/api/webhook-inbox/replays", asked);
  location.hash = `#/jobs/${jobId}`;
}
