import { toast } from "#dashboard/components/toasts.tsx";
import { liveJob, onJobChanges } from "#dashboard/live.ts";
import { createOutcomes, type Work } from "#dashboard/views/outcomes/outcomes.ts";

const outcomes = createOutcomes();

function noticed(works: Iterable<Work>): void {
  for (const outcome of outcomes.seen(works)) toast(outcome);
}

onJobChanges((changes) => noticed(changes.map(({ job }) => job)));

/** Announces how this work ends, even when the user has opened another view. */
export function expectOutcome(jobId: string, label: string, href?: string): void {
  outcomes.expect(jobId, label, href);
  const job = liveJob(jobId);
  if (job !== undefined) noticed([job]);
}
