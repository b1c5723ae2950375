import { NORMAL, PRIORITY_NAMES } from "#dashboard/priorities.ts";
import type { Priority } from "#lib/engine/priorities.ts";
import "./priority-mark.css";

/** Says what is unusual: most tasks are of normal priority. */
export function PriorityMark({ priority }: { priority: Priority }) {
  if (priority === NORMAL) return null;
  return (
    <span className={`priority-mark ${priority < NORMAL ? "above" : ""}`}>{PRIORITY_NAMES[priority]}</span>
  );
}
