import { NORMAL, PRIORITY_NAMES } from "#dashboard/priorities.ts";
import type { Priority } from "#lib/engine/priorities.ts";
import "./priority-mark.css";

/** Shows only unusual priorities; most tasks have the normal one. */
export function PriorityMark({ priority }: { priority: Priority }) {
  if (priority === NORMAL) return null;
  return (
    <span className={`priority-mark ${priority < NORMAL ? "above" : ""}`}>{PRIORITY_NAMES[priority]}</span>
  );
}
