import type { RunDocument } from "./documents.ts";
import { runView } from "./views.ts";

/** A run as the API shows it, with more facts for tests. */
export const viewOf = (run: RunDocument) => ({
  ...runView(run),
  id: run.id,
  functionId: run.functionId,
  output: run.output,
  /** What Inngest bills: the run, and each attempt of a step. */
  executions: 1 + run.stepAttempts,
  error: run.error,
  events: run.events,
  /** Results of steps by step name. */
  steps: Object.fromEntries(
    run.history.flatMap(({ stepId, name }) =>
      stepId !== undefined && name !== undefined && Object.hasOwn(run.steps, stepId)
        ? [[name, run.steps[stepId]]]
        : [],
    ),
  ),
});

/**
 * Whether this is the function of the run. Tests use the app's own function ids, to which the engine adds the app's id.
 */
export const isFunction = (run: RunDocument, id: string): boolean =>
  run.functionId === id || run.functionId === `${run.appId}-${id}`;

/** Describes a run that did not end, for the error message: its state, and what it waits for. */
export function stateOf(run: RunDocument): string {
  const jobs = Object.values(run.jobs).map(
    ({ id, kind, at, attempt }) => `${kind} ${id} attempt ${attempt} at ${new Date(at).toISOString()}`,
  );
  return `${run.status}; ${jobs.join(", ") || "nothing queued"}`;
}
