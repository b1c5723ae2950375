import type { HistoryEntry, RunDocument, RunStatus } from "./documents.ts";

/**
 * A run as a tree of spans, in the format of the real server's `GET /api/v2/runs/:id/trace`: the run contains its
 * steps, and a step that was tried several times contains its tries.
 */
export function traceOf(run: RunDocument, isWithOutput: boolean) {
  const steps = new Map<string, HistoryEntry[]>();
  for (const entry of run.history)
    if (entry.stepId !== undefined) steps.set(entry.stepId, [...(steps.get(entry.stepId) ?? []), entry]);
  return {
    runId: run.id,
    rootSpan: {
      id: run.id,
      name: run.functionId,
      status: words[run.status],
      ...times(run.queuedAt, run.startedAt, run.endedAt),
      children: [...steps].map(([stepId, entries]) => stepSpan(run, stepId, entries, isWithOutput)),
    },
  };
}

const words: Record<RunStatus, string> = {
  Scheduled: "WAITING",
  Running: "RUNNING",
  Completed: "COMPLETED",
  Failed: "FAILED",
  Cancelled: "CANCELLED",
  Skipped: "SKIPPED",
};

const operations: { [What in HistoryEntry["what"]]?: string } = {
  sleeping: "SLEEP",
  waiting: "WAIT_FOR_EVENT",
  invoked: "INVOKE",
};

const tryEnds = new Set<HistoryEntry["what"]>(["step-completed", "step-errored", "step-failed"]);

function stepSpan(run: RunDocument, stepId: string, entries: HistoryEntry[], isWithOutput: boolean) {
  const first = entries[0]?.at ?? run.queuedAt;
  const tries = entries.filter(({ what }) => tryEnds.has(what));
  const isDone = Object.hasOwn(run.steps, stepId);
  const memo = run.steps[stepId];
  const isFailed = tries.at(-1)?.what === "step-failed";
  const spans = tries.map((entry, n) => ({
    id: `${stepId}-${n}`,
    name: `Attempt ${n}`,
    status: entry.what === "step-completed" ? "COMPLETED" : "FAILED",
    ...times(first, startOf(run, entry), entry.at),
    ...(isWithOutput &&
      entry.what !== "step-completed" && { output: { error: { message: entry.note ?? "" } } }),
  }));
  const waited = entries.find(({ what }) => operations[what] !== undefined);
  const endedAt = isDone ? (entries.at(-1)?.at ?? first) : undefined;
  const startedAt = spans[0]?.startedAt ?? new Date(waited?.at ?? first).toISOString();
  return {
    id: stepId,
    name: entries.find(({ name }) => name !== undefined)?.name ?? stepId,
    status: isFailed ? "FAILED" : isDone ? "COMPLETED" : run.endedAt === undefined ? "WAITING" : "CANCELLED",
    stepOp: (waited && operations[waited.what]) ?? "RUN",
    stepId,
    ...times(first, undefined, endedAt),
    startedAt,
    ...(isWithOutput && isDone && memo !== null && { output: memo }),
    children: spans.length > 1 ? spans : [],
  };
}

/**
 * A call that names a step begins a try of that step. In any other call, a try begins when the call begins, or when the
 * previous step of the call has ended.
 */
function startOf(run: RunDocument, end: HistoryEntry): number {
  const before = run.history.slice(0, run.history.indexOf(end));
  const own = before.findLast(({ what, stepId }) => what === "called" && stepId === end.stepId);
  if (own !== undefined) return own.at;
  const began = before.findLast(
    ({ what, stepId }) => (what === "called" && stepId === undefined) || tryEnds.has(what),
  );
  return began?.at ?? end.at;
}

const times = (queuedAt: number, startedAt: number | undefined, endedAt: number | undefined) => ({
  queuedAt: new Date(queuedAt).toISOString(),
  ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
  ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
});
