import type { ImageProvider, PictureOrder } from "#images/provider.ts";
import type { Clock } from "#lib/clock.ts";
import { patienceOf } from "#lib/engine/deadline.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { classifyFailure, providerError, retryAfterMs } from "#lib/outside/provider-answer.ts";
import { type Picture, pictureTypeOf } from "#lib/pictures/kind.ts";
import { withTimeout } from "#lib/timeout.ts";

type Settings = Pick<Env, "IMAGES_BASE_URL" | "IMAGES_API_KEY" | "IMAGES_TIMEOUT_MS">;
type Dependencies = {
  env: Settings;
  fetch: Fetch;
  clock: Clock;
  /** Called with the headers of every answer, which contain the provider's rate limit. */
  onHeaders?: (headers: Headers) => Promise<void> | void;
};

const NAME = "pollinations";
/** A drawing of 1024×1024 has 40 to 200 KB as JPEG and 2 MB as PNG. A much larger answer is not a drawing. */
const MAX_BYTES = 20 * 1024 * 1024;

/**
 * Pollinations' free image API: `GET {base}/prompt/{prompt}` without a key; the answer is the picture itself. With a
 * key the path is `/image/{prompt}` (https://gen.pollinations.ai).
 */
export const pollinations = (deps: Dependencies): ImageProvider => ({
  name: NAME,
  draw(order, leftMs = Infinity) {
    // The call is aborted by a timer and not by a signal, because a signal may be garbage-collected with its Request,
    // even during an answer.
    const call = new AbortController();
    const picture = ask(deps, order, call.signal);
    const { ms, code } = patienceOf(deps.env.IMAGES_TIMEOUT_MS, leftMs);
    return withTimeout(picture, ms, code).finally(() => call.abort());
  },
});

async function ask(deps: Dependencies, order: PictureOrder, signal: AbortSignal): Promise<Picture> {
  const { env, fetch, clock, onHeaders } = deps;
  // A `Request` object makes our `fetch` use the global one, which may take longer than the 30 s of our own.
  const request = new Request(addressOf(env, order), {
    headers: {
      accept: "image/*",
      ...(env.IMAGES_API_KEY === undefined ? {} : { authorization: `Bearer ${env.IMAGES_API_KEY}` }),
    },
    redirect: "manual",
  });
  const response = await fetch(request, { signal, maxAnswerBytes: MAX_BYTES }).catch((cause: unknown) => {
    throw callFailed(cause);
  });
  await onHeaders?.(response.headers);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw refusal(response, clock.now());
  }
  const bytes = await response.arrayBuffer().catch((cause: unknown) => {
    throw callFailed(cause);
  });
  return toPicture(new Uint8Array(bytes));
}

function addressOf(env: Settings, { prompt, seed, width, height }: PictureOrder): string {
  // "." and ".." would change the path, even when they are escaped. With a space after them they are sent as prompts.
  const name = encodeURIComponent(prompt.replace(/^\.{1,2}$/, "$& "));
  const verb = env.IMAGES_API_KEY === undefined ? "prompt" : "image";
  const url = new URL(`${env.IMAGES_BASE_URL.replace(/\/$/, "")}/${verb}/${name}`);
  // `private` keeps prompts out of the provider's public feed.
  const query = { width, height, seed, nologo: true, private: true };
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value));
  return url.href;
}

/**
 * Without a key, a second request during a drawing gets 402 "Queue full for IP", which is a rate limit and not a bill.
 */
function refusal(response: Response, now: Date): AppError {
  if (response.status !== 402) return providerError(NAME, response, now);
  return new AppError("provider_rate_limited", `${NAME} answered 402: its queue for this address is full`, {
    retryAfterMs: retryAfterMs(response.headers.get("retry-after"), now),
  });
}

/** A proxy's error page may also come with status 200. It is a temporary error. */
function toPicture(bytes: Uint8Array): Picture {
  const contentType = pictureTypeOf(bytes);
  if (contentType !== undefined) return { bytes, contentType };
  throw new AppError("provider_unavailable", `${NAME} answered 200 with something that is no picture`);
}

const callFailed = (cause: unknown): AppError => {
  const code = classifyFailure(cause);
  const what = code === "provider_answer_too_large" ? "sent more than a picture" : "cannot be reached";
  return new AppError(code, `${NAME} ${what}`, { cause });
};
