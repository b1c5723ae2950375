import { matchError } from "./cel-match.ts";
import type { Wait } from "./documents.ts";
import { isDate, parseMoment } from "./duration.ts";
import { limits } from "./limits.ts";
import { invalid } from "./overflow.ts";
import type { Op } from "./protocol.ts";
import { enqueue, note, type Turn, wait } from "./turn.ts";

/** The parallel group of a step, and whether that group is a race. */
export type OpenPlace = { group?: string; race?: boolean };

export const place = (group: string | undefined, race: boolean | undefined): OpenPlace => ({
  ...(group === undefined ? {} : { group }),
  ...(race === undefined ? {} : { race }),
});

export function sleep(turn: Turn, op: Op, name: string, where: OpenPlace): void {
  const text = op.opts.duration ?? op.name ?? "";
  const asked = text === "" ? turn.now : parseMoment(text, turn.now);
  if (asked === undefined) return invalid(turn, "InvalidDuration", `"${text}" is not a time to sleep.`);
  // The server rounds the time until a date to whole seconds, so a sleep may end half a second early.
  const until = isDate(text) ? turn.now + Math.round((asked - turn.now) / 1_000) * 1_000 : asked;
  if (until - turn.now > limits.sleepMs) {
    const message = `The sleep "${text}" ends more than one year in the future; sleeps may last at most one year.`;
    return invalid(turn, "InngestErrTimeoutTooLong", message);
  }
  if (!enqueue(turn, { id: `${op.id}-sleep`, kind: "wake", stepId: op.id, at: until, ...where })) return;
  turn.run.stepAttempts += 1;
  note(turn, { what: "sleeping", stepId: op.id, name, note: new Date(until).toISOString() });
}

export function waitForEvent(turn: Turn, op: Op, name: string, where: OpenPlace): void {
  const { timeout = "", if: expression } = op.opts;
  const problem = expression === undefined ? undefined : matchError(expression);
  if (problem)
    return invalid(turn, "InvalidExpression", `Wait for event If expression failed to compile: ${problem}`);
  const expiresAt = timeout === "" ? turn.now : parseMoment(timeout, turn.now);
  if (expiresAt === undefined) return invalid(turn, "InvalidDuration", `"${timeout}" is not a timeout.`);
  if (expiresAt - turn.now > limits.sleepMs) {
    const message = `The wait-for-event timeout "${timeout}" expires more than one year in the future; timeouts may last at most one year.`;
    return invalid(turn, "InngestErrTimeoutTooLong", message);
  }
  const event = op.opts.event ?? op.name ?? "";
  const isNew = openWait(turn, {
    id: op.id,
    kind: "event",
    event,
    expiresAt,
    stepId: op.id,
    ...(expression === undefined ? {} : { expression }),
    ...where,
  });
  if (isNew) note(turn, { what: "waiting", stepId: op.id, name, note: event });
}

export function invoke(turn: Turn, op: Op, name: string, where: OpenPlace): void {
  const { function_id: functionId, payload, timeout = "" } = op.opts;
  if (functionId === undefined) return invalid(turn, "InvalidInvoke", "step.invoke() names no function.");
  const expiresAt = timeout === "" ? turn.now + limits.cancelTimeoutMs : parseMoment(timeout, turn.now);
  if (expiresAt === undefined) return invalid(turn, "InvalidDuration", `"${timeout}" is not a timeout.`);
  if (!openWait(turn, { id: op.id, kind: "invoke", expiresAt, stepId: op.id, ...where })) return;
  note(turn, { what: "invoked", stepId: op.id, name, note: functionId });
  turn.changes.push({
    type: "invoke",
    stepId: op.id,
    stepName: name,
    functionId,
    data: payload?.data ?? {},
    ...(payload?.v ? { v: payload.v } : {}),
  });
}

/** A wait and its timer share the step's id, so a repeated report changes nothing. */
function openWait(turn: Turn, opened: Wait): boolean {
  const { id, expiresAt, group, race } = opened;
  if (!enqueue(turn, { id, kind: "timeout", stepId: id, at: expiresAt, ...place(group, race) })) return false;
  turn.run.stepAttempts += 1;
  wait(turn, opened);
  return true;
}
