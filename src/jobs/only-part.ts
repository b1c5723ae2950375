import type { Parts } from "./parts.ts";
import type { Cut } from "./plan-parts.ts";

type Run = Parameters<Parts["plan"]>[0] & {
  event: { name: string; data: { parentJobId?: string | undefined; part?: number | undefined } };
};

/**
 * For a job whose work is one part: plans the job, and returns the run with the part to work on; undefined when there is
 * no work. A run whose event names the part continues the work of an earlier run, so the job is already planned.
 */
export async function onlyPart(parts: Pick<Parts, "plan">, run: Run, functionId: string, cut: Cut) {
  const { name, data } = run.event;
  const { parentJobId } = data;
  if (parentJobId !== undefined) return { ...run, event: { name, data: { ...data, parentJobId } } };
  const { jobId, parts: count } = await parts.plan(run, functionId, cut);
  if (count === 0) return undefined;
  return { ...run, event: { name, data: { ...data, parentJobId: jobId, part: 1 } } };
}
