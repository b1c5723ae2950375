import type { RunDocument } from "./documents.ts";
import { runView } from "./views.ts";

/** A run as the API shows it, and what a test wants to know besides. */
export const viewOf = (run: RunDocument) => ({
  ...runView(run),
  id: run.id,
  functionId: run.functionId,
  output: run.output,
  error: run.error,
  events: run.events,
  /** Results of steps, by the name they were given. */
  steps: Object.fromEntries(
    run.history.flatMap(({ stepId, name }) =>
      stepId !== undefined && name !== undefined && Object.hasOwn(run.steps, stepId)
        ? [[name, run.steps[stepId]]]
        : [],
    ),
  ),
});

/** Tests name functions as the app does; the engine puts the app's id in front. */
export const isFunction = (run: RunDocument, id: string): boolean =>
  run.functionId === id || run.functionId === `${run.appId}-${id}`;

/** For a run that was awaited in vain: where it stands and what it waits for. */
export function stateOf(run: RunDocument): string {
  const jobs = Object.values(run.jobs).map(
    ({ id, kind, at, attempt }) => `${kind} ${id} attempt ${attempt} at ${new Date(at).toISOString()}`,
  );
  return `${run.status}; ${jobs.join(", ") || "nothing queued"}`;
}
