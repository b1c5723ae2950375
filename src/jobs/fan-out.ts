import type { EventPayload, GetStepTools, Inngest } from "inngest";

type Run = { step: Pick<GetStepTools<Inngest.Any>, "sendEvent">; runId: string };

/** The free plan of Inngest accepts requests of up to 256 KiB. */
const MAX_REQUEST_BYTES = 200_000;

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
  let request: EventPayload[] = [];
  let bytes = 0;
  const numbers = typeof parts === "number" ? Array.from({ length: parts }, (_, n) => n + 1) : parts;
  for (const part of numbers) {
    const event = { ...eventOf({ parentJobId: jobId, part }), id: `${runId}:${part}` };
    const size = Buffer.byteLength(JSON.stringify(event));
    if (bytes + size > MAX_REQUEST_BYTES) {
      await step.sendEvent(`fan-out-${part}`, request);
      [request, bytes] = [[], 0];
    }
    request.push(event);
    bytes += size;
  }
  if (request.length > 0) await step.sendEvent("fan-out", request);
}
