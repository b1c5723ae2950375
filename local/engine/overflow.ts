import type { RunDocument } from "./documents.ts";
import { serverError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { Op } from "./protocol.ts";
import { finish, type Turn } from "./turn.ts";

/** Ends a run that exceeds the server's limits, with the server's messages. */
export const invalid = (turn: Turn, name: string, message: string): void =>
  finish(turn, "Failed", { error: serverError(name, message) });

/**
 * Adds up the size of the steps' results. A short answer is counted as a whole, because measuring each result in it
 * would take longer.
 */
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
