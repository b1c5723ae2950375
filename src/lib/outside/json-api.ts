import type { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { classifyFailure, providerError } from "#lib/outside/provider-answer.ts";

type Settings = {
  /** The provider's name, for messages. */
  name: string;
  baseUrl: string;
  headers: Record<string, string>;
  fetch: Fetch;
  clock: Clock;
};

const TIMEOUT_MS = 10_000;

export type JsonApi = ReturnType<typeof createJsonApi>;

/** Reads from a provider's JSON API. A failure becomes an AppError that says whether to try again. */
export const createJsonApi = ({ name, baseUrl, headers, fetch, clock }: Settings) => ({
  async get<T>(
    path: string,
    schema: z.ZodType<T>,
    limit: { maxAnswerBytes?: number } = {},
  ): Promise<{ data: T; headers: Headers }> {
    const response = await fetch(`${baseUrl.replace(/\/$/, "")}${path}`, {
      ...limit,
      headers: { "user-agent": "nightshift", ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new AppError(classifyFailure(cause), `${name} did not answer`, { cause });
    });
    if (!response.ok) throw providerError(name, response, clock.now());
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return { data: parsed.data, headers: response.headers };
    throw new AppError("provider_unavailable", `${name}'s answer cannot be read`, { cause: parsed.error });
  },
});
