import { createHash } from "node:crypto";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { functionIdOf } from "#lib/engine/inngest.ts";
import { codeOf, type ErrorCode } from "#lib/errors.ts";
import { storableId, storableJson } from "#lib/storable.ts";

/** A run that failed for good, with the event that started it; becomes a dead letter. */
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
/** Every field is optional, because a failure with an unexpected description must still be recorded. */
const failedError = z.looseObject({
  name: foreignText.catch("Error"),
  message: foreignText.catch("The run failed without a message"),
  stack: foreignText.nullable().catch(null),
  /** Every error of our own contains these fields: the number of the failed try, and the name of its step. */
  cause: z
    .looseObject({
      attempts: z.int().positive().optional().catch(undefined),
      step: foreignText.optional().catch(undefined),
    })
    .catch({}),
});
const failedRun = z.object({
  function_id: z.string(),
  run_id: z.string(),
  error: failedError.catch(() => failedError.parse({})),
  event: z.object({ id: z.string().optional(), name: z.string(), data: eventData.catch({}) }),
});

/**
 * How many tries a function gets. When an error does not contain the number of its try, the failure counts as the last
 * try.
 */
export type MaxAttempts = (functionId: string) => number | undefined;

/**
 * Reads the event `inngest/function.failed` of Inngest. Its data contains the original event, which reprocessing sends
 * again.
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
    fingerprint: fingerprintOf(functionId, code ?? error.name, error.message, error.cause.step),
  };
}

/**
 * Raise this number when the rules below change, because the new rules would put older dead letters into other groups.
 */
const FINGERPRINT_VERSION = 2;

/**
 * The fingerprint is equal for failures with one cause: the same function, step, error code (or class, without a code)
 * and message. Ids, numbers, addresses and lines of code are taken out of the message. The stack trace is not compared.
 */
export function fingerprintOf(functionId: string, kind: string, message: string, step = ""): string {
  const cause = [functionId, withoutDetails(step), kind, withoutDetails(message)].join("\n");
  return `${FINGERPRINT_VERSION}-${createHash("sha256").update(cause).digest("hex").slice(0, 16)}`;
}

/** Every word with a digit is an id, a number, a time, a network address or a place in a file. */
const withoutDetails = (text: string): string =>
  cut(text)
    .replace(/(?<!\S)[^\s@]+@\S+/g, "@")
    .replace(/[\w.:+-]+/g, (word) => (/\d/.test(word) ? "#" : word))
    .replace(/#(?:,#)+/g, "#");
