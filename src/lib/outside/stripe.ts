import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { rateLimited, type Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { classifyFailure, providerError } from "#lib/outside/provider-answer.ts";

type Dependencies = {
  env: Pick<Env, "STRIPE_BASE_URL" | "STRIPE_API_KEY">;
  fetch: Fetch;
  clock: Clock;
  tokens: Pick<Tokens, "take" | "learn">;
};
/** Stripe's parameters as an object, or as a list of pairs when a parameter occurs several times. */
type Query = Record<string, string> | string[][];
type Limit = { maxAnswerBytes?: number };
type Call = {
  method: "GET" | "POST";
  path: string;
  form?: Record<string, string>;
  idempotencyKey?: string;
  limit?: Limit;
};

/**
 * The version of the API decides the shape of objects. It is fixed here, so that it does not follow the account's
 * setting.
 */
const API_VERSION = "2024-06-20";
const TIMEOUT_MS = 20_000;
/** Stripe allows 100 reads and 100 writes a second. */
const PER_SECOND = 100;

const refusal = z.object({
  error: z.object({
    message: z.string().min(1),
    code: z.string().nullish(),
    decline_code: z.string().nullish(),
  }),
});

export type Stripe = ReturnType<typeof createStripe>;

/** The few calls of Stripe's API that we need, without its SDK of 23 MB. */
export function createStripe({ env, fetch, clock, tokens }: Dependencies) {
  return {
    isConfigured: env.STRIPE_API_KEY !== undefined,

    /** Undefined when there is no such object. */
    async get<T>(
      path: string,
      query: Query,
      schema: z.ZodType<T>,
      limit: Limit = {},
    ): Promise<T | undefined> {
      const search = new URLSearchParams(query).toString();
      const response = await ask({ method: "GET", path: search === "" ? path : `${path}?${search}`, limit });
      return response.status === 404 ? undefined : read(response, schema);
    },

    /** When a call repeats a key, Stripe returns the answer of the first call. Stripe remembers a key for 24 hours. */
    async post<T>(
      path: string,
      form: Record<string, string>,
      idempotencyKey: string,
      schema: z.ZodType<T>,
    ): Promise<T> {
      return read(await ask({ method: "POST", path, form, idempotencyKey }), schema);
    },
  };

  async function ask(wanted: Call): Promise<Response> {
    if (env.STRIPE_API_KEY === undefined) throw new AppError("not_configured", "STRIPE_API_KEY is not set");
    const bucket = `stripe:${wanted.method === "GET" ? "read" : "write"}`;
    const taken = await tokens.take([
      { key: bucket, capacity: PER_SECOND, refillPerSecond: PER_SECOND, take: 1 },
    ]);
    if (!taken.granted) throw rateLimited(bucket, taken);
    const response = await call(env.STRIPE_API_KEY, wanted);
    if (response.status === 429) await tokens.learn(bucket, response.headers);
    return response;
  }

  async function call(key: string, { method, path, form, idempotencyKey, limit }: Call): Promise<Response> {
    try {
      return await fetch(`${env.STRIPE_BASE_URL.replace(/\/$/, "")}${path}`, {
        ...limit,
        method,
        headers: {
          authorization: `Bearer ${key}`,
          "stripe-version": API_VERSION,
          ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        },
        ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new AppError(classifyFailure(cause), "Stripe did not answer", { cause });
    }
  }

  async function read<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
    // 409 means that a call with the same key is still in progress. A retry gets that call's answer.
    if (response.status === 409)
      throw new AppError("provider_unavailable", "Stripe still processes an earlier call with this key");
    if (!response.ok) throw providerError("Stripe", response, clock.now(), await reasonIn(response));
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    throw new AppError("provider_unavailable", "Stripe's answer cannot be read", { cause: parsed.error });
  }
}

/** Stripe's words for an error, then its codes in brackets. Undefined when the body names no reason. */
async function reasonIn(response: Response): Promise<string | undefined> {
  const parsed = refusal.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) return undefined;
  const { message, code, decline_code: declineCode } = parsed.data.error;
  const codes = [code, declineCode].filter((one) => one).join(", ");
  return codes === "" ? message : `${message} (${codes})`;
}
