import { createHash } from "node:crypto";
import { z } from "zod";
import { problemOfStatus } from "#lib/check.ts";
import { devUrl } from "#lib/engine/inngest.ts";
import { type RunStep, traceAnswer } from "#lib/engine/run-steps.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import { limited, readAll } from "#lib/outside/limited-body.ts";

export type EngineApi = ReturnType<typeof createEngineApi>;

const runAnswer = z.object({ data: z.object({ status: z.string(), output: z.unknown().optional() }) });
export type EngineRun = z.output<typeof runAnswer>["data"];

type Settings = Pick<Env, "INNGEST_DEV" | "INNGEST_BASE_URL" | "INNGEST_SIGNING_KEY" | "INNGEST_EVENT_KEY">;

/** The part of Inngest's REST API that the monitor and the dashboard need. */
export function createEngineApi(env: Settings, fetch: typeof globalThis.fetch) {
  const own = env.INNGEST_BASE_URL ?? (env.INNGEST_DEV === undefined ? undefined : devUrl(env.INNGEST_DEV));
  const base = own ?? "https://api.inngest.com";
  const headers: Record<string, string> =
    env.INNGEST_SIGNING_KEY === undefined
      ? {}
      : { authorization: `Bearer ${hashedKey(env.INNGEST_SIGNING_KEY)}` };

  return {
    /** Null when Inngest does not know the run, or has deleted it. */
    async run(runId: string): Promise<EngineRun | null> {
      const answer = await ask(`/v1/runs/${encodeURIComponent(runId)}`);
      if (answer.status === 404) return null;
      return (await read(answer, runAnswer)).data;
    },

    /**
     * The steps of a run. Null when Inngest does not know the run, has deleted it, or has no traces (older servers that
     * people host themselves).
     */
    async steps(runId: string): Promise<RunStep[] | null> {
      const prefix = own === undefined ? "/v2" : "/api/v2";
      const answer = await ask(`${prefix}/runs/${encodeURIComponent(runId)}/trace?includeOutput=true`);
      if (answer.status === 404 || answer.status === 501) return null;
      return read(answer, traceAnswer);
    },

    /** The problem with Inngest, in words; null when it answers and accepts our key. */
    problem: async (): Promise<string | null> => problemOfStatus("The engine", "signing key", await look()),

    /**
     * The problem with Inngest's event API, which has its own key; null when the API answers and accepts the key. The
     * request carries no events, so it starts no runs.
     */
    async eventKeyProblem(): Promise<string | null> {
      const url = new URL(`/e/${env.INNGEST_EVENT_KEY ?? "development"}`, own ?? "https://inn.gs").href;
      const signal = AbortSignal.timeout(5_000);
      const status = await fetch(url, { method: "POST", body: "[]", signal }).then(
        (answer) => answer.status,
        () => 503,
      );
      // For an unknown event key, Inngest may answer 404 instead of 401.
      return problemOfStatus("The engine", "event key", status === 404 ? 401 : status);
    },

    /** Whether Inngest answers at all, even with a refusal of our signing key. */
    isReachable: async (): Promise<boolean> => isAnswer(await look()),
  };

  /** The status of a small request; 503 when no answer comes. */
  async function look(): Promise<number> {
    return ask("/v1/events?limit=1").then(
      ({ status }) => status,
      () => 503,
    );
  }

  function ask(path: string): Promise<Response> {
    return fetch(new URL(path, base).href, { headers, signal: AbortSignal.timeout(5_000) }).catch(
      (cause: unknown) => {
        throw new AppError("engine_unavailable", "The engine cannot be reached", { cause });
      },
    );
  }
}

/** The largest answer that is read. The output of one step may have 4 MB. */
const MAX_ANSWER_BYTES = 8_000_000;

async function read<Data>(answer: Response, schema: z.ZodType<Data>): Promise<Data> {
  if (!answer.ok) throw new AppError("engine_unavailable", `The engine answered ${answer.status}`);
  try {
    const bytes = await readAll(limited(answer.body ?? new Blob().stream(), null, MAX_ANSWER_BYTES));
    return schema.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("engine_unavailable", "The engine's answer cannot be read", { cause });
  }
}

const isAnswer = (status: number): boolean => status < 500;

/** The key as Inngest expects it in requests: of `signkey-prod-<hex>`, the hex digits are replaced by their SHA-256. */
function hashedKey(key: string): string {
  const [, prefix = "", hex = ""] = /^(signkey-\w+-)?(.*)$/.exec(key) ?? [];
  return prefix + createHash("sha256").update(hex, "hex").digest("hex");
}
