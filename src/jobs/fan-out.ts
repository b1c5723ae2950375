import type { EventPayload, GetStepTools, Inngest } from "inngest";
import { inRequests } from "#lib/engine/requests.ts";

type Run = { step: Pick<GetStepTools<Inngest.Any>, "sendEvent">; runId: string };

/**
 * Sends an event for each part, many in one request. `parts` is the number of the last part, or a list of numbers. The
 * ids of the events contain the run's id, so a repeated step sends the same ids, which the engine ignores. A replay is
 * a new run and sends new ids.
 */
export async function fanOut(
  { step, runId }: Run,
  { jobId, parts }: { jobId: string; parts: number | readonly number[] },
  eventOf: (ref: { parentJobId: string; part: number }) => EventPayload,
): Promise<void> {
  const numbers = typeof parts === "number" ? Array.from({ length: parts }, (_, n) => n + 1) : parts;
  const events = numbers.map((part) => ({
    ...eventOf({ parentJobId: jobId, part }),
    id: `${runId}:${part}`,
  }));
  for (const [n, request] of inRequests(events).entries()) {
    await step.sendEvent(n === 0 ? "fan-out" : `fan-out-${n}`, request);
  }
}
