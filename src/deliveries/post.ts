import { bodyOfMessage } from "#deliveries/body.ts";
import type { Attempt, Claim, Due } from "#deliveries/rows.ts";
import { delayAfter } from "#deliveries/schedule.ts";
import { signedHeaders, withoutSignatures } from "#deliveries/sign.ts";
import type { Clock } from "#lib/clock.ts";
import { codeOf } from "#lib/errors.ts";
import { retryAfterMs } from "#lib/outside/provider-answer.ts";
import type { SafeAnswer, SafeFetch } from "#lib/outside/safe-fetch.ts";

type Dependencies = { safeFetch: SafeFetch; clock: Clock; random?: () => number };
type Target = Pick<Claim, "url" | "policy"> & { secrets: readonly string[] };

/** S2-18: the time for a whole request. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_HEADERS = 50;

/** One attempt: posts the message, and decides whether to try again. Never throws: every outcome is recorded. */
export async function post(
  { safeFetch, clock, random = Math.random }: Dependencies,
  target: Target,
  due: Due,
): Promise<Attempt> {
  const at = clock.now();
  const startedMs = performance.now();
  const body = bodyOfMessage(due);
  const headers = signedHeaders({ id: due.messageId, body, secrets: target.secrets, now: at });
  const answer = await ask(safeFetch, target.url, headers, body);
  const isDelivered = answer.status !== null && answer.status >= 200 && answer.status < 300;
  const wantedMs = isDelivered ? undefined : retryAfterMs(answer.headers["retry-after"] ?? null, at);
  const delayMs = isDelivered ? undefined : delayAfter(target.policy, due.try, random(), wantedMs);
  const after = (ms: number | undefined) =>
    ms === undefined ? null : new Date(clock.now().getTime() + ms).toISOString();
  return {
    deliveryId: due.id,
    status: isDelivered ? "delivered" : delayMs === undefined ? "failed" : "pending",
    at: at.toISOString(),
    durationMs: Math.round(performance.now() - startedMs),
    url: target.url,
    requestHeaders: withoutSignatures(headers),
    answerStatus: answer.status,
    answerHeaders: answer.headers,
    answerBody: answer.body,
    errorCode: isDelivered ? null : (answer.code ?? "not_2xx"),
    nextAt: after(delayMs),
    pauseUntil: after(wantedMs),
    isGone: answer.status === 410,
  };
}

type Answered = {
  status: number | null;
  headers: Record<string, string>;
  body: string;
  code?: string;
};

async function ask(
  safeFetch: SafeFetch,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Answered> {
  try {
    const answer = await safeFetch(url, { method: "POST", headers, body, timeoutMs: TIMEOUT_MS });
    return {
      status: answer.status,
      headers: Object.fromEntries([...answer.headers].slice(0, MAX_HEADERS)),
      body: await beginningOf(answer),
    };
  } catch (error) {
    return { status: null, headers: {}, body: "", code: codeOf(error) ?? "provider_unavailable" };
  }
}

/**
 * The first 64 KB of the body. The status decides the outcome, so a body that breaks off or never ends does not change
 * the outcome.
 */
async function beginningOf({ body }: SafeAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The connection ended within the body. The bytes that have arrived are kept.
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8").slice(0, MAX_ANSWER_BYTES);
}
