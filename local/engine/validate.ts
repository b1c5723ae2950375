import type { z } from "zod";
import { conditionError, keyError } from "./cel.ts";
import { matchError } from "./cel-match.ts";
import { cronError } from "./cron.ts";
import { parseDuration } from "./duration.ts";
import { limits } from "./limits.ts";
import { type FunctionConfig, functionConfig } from "./protocol.ts";

/**
 * Finds what the server refuses when functions are registered, and what this engine does not model. One error names all
 * these problems before any function runs. An unknown setting is refused, never ignored.
 */
export class RegistrationRefused extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The engine refuses this app:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "RegistrationRefused";
    this.problems = problems;
  }
}

/** Converts functions to the engine's types, or throws one error that names every problem of every function. */
export function readFunctions(functions: { id: string }[]): FunctionConfig[] {
  const problems: string[] = [];
  const read = functions.flatMap((raw) => {
    const parsed = functionConfig.safeParse(raw);
    if (parsed.success) {
      problems.push(...problemsOf(parsed.data).map((problem) => `${raw.id}: ${problem}`));
      return [parsed.data];
    }
    problems.push(
      ...parsed.error.issues.flatMap((issue) => wordsOf(issue).map((words) => `${raw.id}: ${words}`)),
    );
    return [];
  });
  if (problems.length > 0) throw new RegistrationRefused(problems);
  return read;
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  const where = issue.path.join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (key) => `\`${where ? `${where}.` : ""}${key}\` is not modelled by the local engine`,
    );
  if (where.startsWith("steps.step.runtime"))
    return ["connect (a worker's web socket) is not modelled by the local engine; serve the app over HTTP"];
  return [`\`${where}\`: ${issue.message}`];
}

function problemsOf(fn: FunctionConfig): string[] {
  return [...triggerProblems(fn), ...flowProblems(fn), ...expressionProblems(fn), ...combinationProblems(fn)];
}

function triggerProblems({ triggers }: FunctionConfig): string[] {
  const problems: string[] = [];
  if (triggers.length > limits.triggersPerFunction)
    problems.push(`This function exceeds the max number of triggers: ${limits.triggersPerFunction}`);
  const keys = triggers.map((trigger) => ("cron" in trigger ? trigger.cron : JSON.stringify(trigger)));
  for (const key of new Set(keys.filter((key, index) => keys.indexOf(key) < index)))
    problems.push(`duplicate trigger ${key}`);
  for (const trigger of triggers) {
    if ("cron" in trigger) {
      const problem = cronError(trigger.cron);
      if (problem) problems.push(`the cron "${trigger.cron}" is invalid: ${problem}`);
      if (trigger.jitter !== undefined)
        problems.push("the jitter of a cron is not modelled by the local engine");
    }
  }
  return problems;
}

function flowProblems(fn: FunctionConfig): string[] {
  const problems: string[] = [];
  const duration = (what: string, text: string | undefined, least = 0, most = Number.POSITIVE_INFINITY) => {
    if (text === undefined) return;
    const ms = parseDuration(text);
    if (ms === undefined)
      problems.push(`${what} of '${text}' is not a duration that is modelled by the local engine`);
    else if (ms < least) problems.push(`${what} of '${text}' is less than the min of: ${least / 1_000}s`);
    else if (ms > most) problems.push(`${what} of '${text}' is greater than the max of: ${most / 1_000}s`);
  };
  duration("The debounce period", fn.debounce?.period, limits.debounceMs.least, limits.debounceMs.most);
  duration("The rate limit period", fn.rateLimit?.period, 0, limits.rateLimitPeriodMs);
  duration("The throttle period", fn.throttle?.period, 1_000);
  duration("The batch timeout", fn.batchEvents?.timeout, limits.batchTimeoutMs.least);
  // The server parses this setting with another library, which accepts no units longer than hours.
  if (/[dw]/.test(fn.batchEvents?.timeout ?? "")) problems.push("The batch timeout has no days and weeks");
  duration("The start timeout", fn.timeouts?.start);
  duration("The finish timeout", fn.timeouts?.finish);
  for (const { timeout } of fn.cancel ?? []) duration("The cancellation timeout", timeout);

  if (fn.rateLimit && fn.rateLimit.limit <= 0) problems.push("The rate limit must be greater than 0");
  if (fn.batchEvents && fn.batchEvents.maxSize < 2)
    problems.push(`batch size cannot be smaller than 2: ${fn.batchEvents.maxSize}`);
  if (fn.concurrency.length > limits.concurrencyLimitsPerFunction)
    problems.push(
      `There are more concurrency limits specified than the allowed max of: ${limits.concurrencyLimitsPerFunction}`,
    );
  for (const { scope = "fn", key } of fn.concurrency)
    if (scope !== "fn" && key === undefined)
      problems.push(`A concurrency key must be specified for ${scope} scoped limits`);
  if ((fn.cancel?.length ?? 0) > limits.cancelsPerFunction)
    problems.push(
      `This function exceeds the max number of cancellation events: ${limits.cancelsPerFunction}`,
    );
  return problems;
}

function expressionProblems(fn: FunctionConfig): string[] {
  const check = (
    what: string,
    expression: string | undefined,
    errorOf: (expression: string) => string | undefined,
  ): string[] => {
    const problem = expression ? errorOf(expression) : undefined;
    return problem ? [`${what} expression is invalid: ${expression}: ${problem}`] : [];
  };
  return [
    ...check("Idempotency key", fn.idempotency, keyError),
    ...check("Batch key", fn.batchEvents?.key, keyError),
    ...check("Batch condition", fn.batchEvents?.if, conditionError),
    ...check("Rate limit key", fn.rateLimit?.key, keyError),
    ...check("Throttle key", fn.throttle?.key, keyError),
    ...check("Debounce key", fn.debounce?.key, keyError),
    ...check("Singleton key", fn.singleton?.key, keyError),
    ...check("Priority.Run", fn.priority?.run, conditionError),
    ...fn.concurrency.flatMap(({ key }) => check("Concurrency key", key, keyError)),
    ...(fn.cancel ?? []).flatMap((cancel) => check("Cancellation", cancel.if, matchError)),
    ...fn.triggers.flatMap((trigger) =>
      "event" in trigger ? check("Trigger", trigger.expression, conditionError) : [],
    ),
  ];
}

function combinationProblems({
  batchEvents,
  cancel,
  debounce,
  singleton,
  priority,
}: FunctionConfig): string[] {
  if (!batchEvents) return [];
  const problems: string[] = [];
  if (cancel?.length) problems.push("Batching and cancellation are mutually exclusive");
  if (debounce) problems.push("Batching and debouncing are mutually exclusive");
  if (singleton) problems.push("Batching and singletons are mutually exclusive");
  if (priority?.run) problems.push("A function cannot specify Priority.Run and Batch together");
  return problems;
}
