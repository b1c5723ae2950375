import type { Job, RunDocument } from "./documents.ts";
import { endingError, notModelled, serverError } from "./errors.ts";
import { limits } from "./limits.ts";
import { passedOn, TooDeep } from "./passed-on.ts";
import { type FunctionConfig, type Op, ops, type WireError } from "./protocol.ts";
import type { Answer } from "./runs.ts";
import { sign } from "./signature.ts";
import type { AppAnswer, AppRequest } from "./transport.ts";
import { uuidOf } from "./ulid.ts";

/** One call of the app in the SDK's protocol: makes the request, and interprets the answer. */

export type CallOptions = {
  fn: FunctionConfig;
  run: RunDocument;
  job: Job;
  jobKey: string;
  generation: number;
  requestId: string;
  maxAttempts: number;
  checkpointing: boolean;
  signingKey: string | undefined;
};

export function buildCall(options: CallOptions): AppRequest {
  const { fn, run, job, jobKey, generation, requestId, signingKey } = options;
  const stepId = job.stepId ?? "step";
  const url = new URL(fn.steps.step.runtime.url);
  url.searchParams.set("fnId", fn.id);
  url.searchParams.set("stepId", stepId);

  let body = bodyOf(options, false);
  // When the state is too large to send, the SDK fetches events and steps itself.
  if (Buffer.byteLength(body) > limits.requestBodyBytes) body = bodyOf(options, true);

  return {
    method: "POST",
    url: url.href,
    body,
    headers: {
      "content-type": "application/json",
      "x-run-id": run.id,
      "x-request-id": requestId,
      "x-inngest-job-id": jobKey,
      "x-inngest-generation-id": String(generation),
      "x-inngest-req-version": String(run.requestVersion),
      "x-inngest-step-id": stepId,
      ...identity(signingKey, body),
    },
  };
}

/** The headers that tell the app which kind of server this is. In cloud mode the headers also contain the signature. */
export const identity = (signingKey: string | undefined, body: string): Record<string, string> =>
  signingKey === undefined
    ? { "x-inngest-server-kind": "dev" }
    : { "x-inngest-server-kind": "cloud", "x-inngest-signature": sign(signingKey, body, Date.now()) };

function bodyOf({ fn, run, job, jobKey, maxAttempts, checkpointing }: CallOptions, useApi: boolean): string {
  return JSON.stringify({
    event: run.events[0],
    events: useApi ? [] : run.events,
    steps: useApi ? {} : run.steps,
    defers: {},
    version: run.requestVersion,
    use_api: useApi,
    ctx: {
      run_id: run.id,
      env: "",
      step_id: "step",
      attempt: job.attempt,
      max_attempts: maxAttempts,
      disable_immediate_execution: run.planOnly,
      use_api: useApi,
      stack: { stack: run.stack, current: run.stack.length },
      qi_id: jobKey,
      // Without the function's id the SDK cannot checkpoint, so it runs one step per request.
      ...(checkpointing ? { fn_id: uuidOf(fn.id) } : {}),
    },
  });
}

/** A lost connection counts as a failed attempt, like any other failure. */
export const unreachable = (cause: unknown): Answer => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? `${String(cause.code)}: ` : "";
  const message = `Unable to reach SDK URL: ${code}${reason}`;
  return { kind: "failed", noRetry: false, error: endingError({}, message) };
};

export function readAnswer(answer: AppAnswer): Answer {
  const { status, body } = answer;
  const noRetry = answer.header("x-inngest-no-retry") === "true";
  const retryAfter = answer.header("retry-after");
  if (answer.header("x-inngest-sdk") === undefined) return notFromSdk(answer);
  if (status === 201) return final(notModelled("Streaming (serve's `streaming` option)"));

  const parsed = parse(body);
  if (status === 206) {
    const read = ops.safeParse(parsed);
    if (!read.success) {
      const message = `The SDK's answer is not a list of steps: ${read.error.message}`;
      return { kind: "failed", noRetry: false, retryAfter, error: endingError({}, message) };
    }
    const problem = problemOf(read.data, body);
    if (problem) return final(problem);
    const requestVersion = Number(answer.header("x-inngest-req-version") ?? 2);
    return { kind: "steps", ops: read.data, requestVersion, noRetry, retryAfter, bytes: body.length };
  }
  if (body.length > limits.responseBodyBytes)
    return final(serverError("http_response_too_large", "The SDK's answer is larger than 8 MiB."));
  if (status >= 200 && status < 300) {
    if (body.length > limits.stepOutputBytes) return final(outputTooLarge("return"));
    return returned(parsed);
  }
  const thrown = returned(parsed);
  if (thrown.kind !== "returned") return thrown;
  const error = endingError(thrown.data, noRetry ? "NonRetriableError" : `invalid status code: ${status}`);
  return { kind: "failed", noRetry, retryAfter, error, raw: thrown.data };
}

const final = (error: WireError): Answer => ({ kind: "failed", noRetry: true, error });

function returned(data: unknown): Answer {
  try {
    return { kind: "returned", data: passedOn(data) };
  } catch (error) {
    if (error instanceof TooDeep) return final(notModelled(error.message));
    throw error;
  }
}

/**
 * Why the reported steps end the run: a result is too large, nested too deeply, or contains a lone surrogate. Also
 * changes the results to the form in which the server passes them on.
 */
export function problemOf(reported: Op[], body: string): WireError | undefined {
  // Only a long body can contain a result that is too large.
  const isLong = body.length > limits.stepOutputBytes;
  for (const op of reported) {
    if (isLong && (JSON.stringify(op.data)?.length ?? 0) > limits.stepOutputBytes)
      return outputTooLarge(op.id);
    let hasHalf = false;
    try {
      op.data = passedOn(op.data, () => {
        hasHalf = true;
      });
      op.error = passedOn(op.error);
      op.opts.payload = passedOn(op.opts.payload);
    } catch (error) {
      if (error instanceof TooDeep) return notModelled(error.message);
      throw error;
    }
    if (hasHalf && op.op === "StepRun")
      return serverError("InvalidStepOutput", `The result of step ${op.id} holds half a surrogate pair.`);
  }
  return undefined;
}

function outputTooLarge(stepId: string): WireError {
  const words = `error validating generator opcode ${stepId}: step output size is greater than the limit`;
  return {
    name: "Error",
    error: words,
    message: JSON.stringify({ error: { error: words, message: words } }),
  };
}

/** An answer that is not from the SDK, whatever its status: a proxy's page, or the answer of a server that died. */
function notFromSdk(answer: AppAnswer): Answer {
  const { status, body } = answer;
  const message = `Your server returned HTTP ${status} before the SDK responded.`;
  const stack = `No step output was produced before the request failed.\n\nUpstream response (${answer.header("content-type") ?? "unknown"}):\n${body.slice(0, 2_048)}`;
  return {
    kind: "failed",
    noRetry: false,
    retryAfter: answer.header("retry-after"),
    error: endingError({ name: "FatalServerError", message, stack }, message),
  };
}

function parse(body: string): unknown {
  if (body === "") return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
