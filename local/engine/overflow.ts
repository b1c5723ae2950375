import type { RunDocument } from "./documents.ts";
import { serverError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { Op } from "./protocol.ts";
import { finish, type Turn } from "./turn.ts";

/** Ends that the server's limits put to a run, in its words. */
export const invalid = (turn: Turn, name: string, message: string): void =>
  finish(turn, "Failed", { error: serverError(name, message) });

/** Counts what steps add to the run's state. What is short is taken as a whole: weighing it would cost more. */
export function outgrows(run: RunDocument, ops: Op[], bytes: number): boolean {
  const isShort = bytes < 16 * 1024;
  for (const { op, data } of ops)
    if (op === "StepRun" && !isShort) run.stateBytes += JSON.stringify(data ?? null).length;
  if (isShort && ops.some(({ op }) => op === "StepRun")) run.stateBytes += bytes;
  return run.stateBytes > limits.runStateBytes;
}

export function overflowState(turn: Turn): void {
  const words = `The function run exceeded the state size limit of ${limits.runStateBytes} bytes.`;
  invalid(turn, "InngestErrStateOverflowed", words);
}

export function overflow(turn: Turn): void {
  invalid(
    turn,
    "InngestErrFunctionOverflowed",
    `The function run exceeded the step limit of ${limits.stepsPerRun} steps.`,
  );
}
