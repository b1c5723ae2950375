import type { EventPayload } from "inngest";

/** The free plan of Inngest accepts requests of up to 256 KiB. The SDK adds a few fields to each event. */
const MAX_REQUEST_BYTES = 200_000;

/** Divides events into requests that every plan of Inngest accepts. */
export function inRequests<Event extends EventPayload>(events: readonly Event[]): Event[][] {
  const requests: Event[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event));
    const last = requests.at(-1);
    if (last !== undefined && bytes + size <= MAX_REQUEST_BYTES) {
      last.push(event);
      bytes += size;
    } else {
      requests.push([event]);
      bytes = size;
    }
  }
  return requests;
}
