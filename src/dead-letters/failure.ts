import { createHash } from "node:crypto";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { functionIdOf } from "#lib/engine/inngest.ts";
import { codeOf, type ErrorCode } from "#lib/errors.ts";
import { storableId, storableJson } from "#lib/storable.ts";

/** A run that failed for good, with the event that started it: what a letter is made of. */
export type Failure = {
  eventId: string;
  eventName: string;
  eventData: z.output<typeof eventData>;
  functionId: string;
  runId: string;
  parentJobId: string | null;
  attempts: number;
  error: { code: ErrorCode | null; message: string; stack: string | null };
  fingerprint: string;
};

const eventData = z.record(z.string(), z.json());
const foreignText = z.string().transform((text) => cut(text));
/** Read with mercy: a failure that is oddly described is a failure all the same. */
const failedError = z.looseObject({
  name: foreignText.catch("Error"),
  message: foreignText.catch("The run failed without a message"),
  stack: foreignText.nullable().catch(null),
  /** Where ours say which try they ended. */
  cause: z.looseObject({ attempts: z.int().positive().optional().catch(undefined) }).catch({}),
});
const failedRun = z.object({
  function_id: z.string(),
  run_id: z.string(),
  error: failedError.catch(() => failedError.parse({})),
  event: z.object({ id: z.string().optional(), name: z.string(), data: eventData.catch({}) }),
});

/** How many tries a function gets; an error that does not say which try it ended is taken to have used them up. */
export type MaxAttempts = (functionId: string) => number | undefined;

/**
 * Reads `inngest/function.failed`. The outer event is the engine's news; the ORIGINAL event, which a reprocess sends
 * again, is inside its data.
 */
export function toFailure(news: unknown, maxAttempts: MaxAttempts): Failure {
  const { function_id, run_id, error, event } = failedRun.parse(storableJson(news));
  const functionId = functionIdOf(function_id);
  const { data } = event;
  const code = codeOf(error) ?? null;
  const isFinal = error.name === "NonRetriableError";
  return {
    eventId: storableId(event.id ?? run_id),
    eventName: storableId(event.name),
    eventData: data,
    functionId,
    runId: run_id,
    parentJobId: z.uuid().safeParse(data["parentJobId"]).data ?? null,
    attempts: error.cause.attempts ?? (isFinal ? 1 : (maxAttempts(functionId) ?? 1)),
    error: { code, message: error.message, stack: error.stack },
    fingerprint: fingerprintOf(functionId, code ?? error.name, error.message),
  };
}

/** The same for failures that differ only in ids, numbers and addresses. */
export function fingerprintOf(functionId: string, kind: string, message: string): string {
  const shape = cut(message)
    .replace(/(?<!\S)[^\s@]+@\S+/g, "@")
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "#")
    .replace(/\d+/g, "#");
  return createHash("sha256").update(`${functionId}\n${kind}\n${shape}`).digest("hex").slice(0, 16);
}
