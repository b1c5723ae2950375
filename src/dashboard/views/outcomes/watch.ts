import { api, problemOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { onJobChange } from "#dashboard/live.ts";
import type { Job } from "#dashboard/types.ts";
import { createOutcomes, type Work } from "#dashboard/views/outcomes/outcomes.ts";

const LOOK_MS = 2000;
/** A page has six connections; news of what was submitted is worth one. */
const PER_LOOK = 5;

const outcomes = createOutcomes();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says how this work ends, wherever on the page one is by then. */
export function expectOutcome(jobId: string, label: string): void {
  outcomes.expect(jobId, label, Date.now());
  timer ??= setTimeout(() => void look(), LOOK_MS);
}

/** For a view that follows work live anyway: what it hears need not be asked for. */
export function noticed(works: Iterable<Work>): void {
  for (const outcome of outcomes.seen(works, Date.now())) toast(outcome);
}

onJobChange((job) => noticed([job]));

async function look(): Promise<void> {
  for (const id of outcomes.quiet(Date.now()).slice(0, PER_LOOK)) {
    try {
      noticed([await api.get<Job>(`/api/jobs/${id}`)]);
    } catch (error) {
      if (!problemOf(error).isPassing) outcomes.forget(id);
    }
  }
  timer = outcomes.isEmpty() ? undefined : setTimeout(() => void look(), LOOK_MS);
}
