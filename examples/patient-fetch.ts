/**
 * How a caller should meet 429 and 503: wait as long as `Retry-After` says, else 1, 2, 4, 8, 16 s (never more than
 * 30) and up to a second of chance, so that callers who failed together do not come back together.
 */
const RETRIES = 5;
const CAP_MS = 30_000;

export const backoffMs = (retry: number, random: number): number =>
  Math.min(1000 * 2 ** retry, CAP_MS) + Math.floor(random * 1000);

type Options = {
  fetch?: typeof globalThis.fetch;
  sleep?: (ms: number) => Promise<void>;
  random?: () => number;
};

const sleepFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Give a POST an `Idempotency-Key`: a repeated request then meets the job of the first one. */
export async function patientFetch(
  url: string,
  init: RequestInit,
  { fetch = globalThis.fetch, sleep = sleepFor, random = Math.random }: Options = {},
): Promise<Response> {
  for (let retry = 0; ; retry += 1) {
    const response = await fetch(url, init);
    const mayComeBack = response.status === 429 || response.status === 503;
    if (!mayComeBack || retry === RETRIES) return response;
    const askedSeconds = Number(response.headers.get("retry-after"));
    await sleep(askedSeconds > 0 ? askedSeconds * 1000 : backoffMs(retry, random()));
  }
}
