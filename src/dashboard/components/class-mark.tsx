import { PRIORITY_NAMES } from "#dashboard/priorities.ts";
import type { Priority } from "#lib/engine/priorities.ts";

/** The priority class of a job: its number and its name. */
export const ClassMark = ({ priority }: { priority: Priority }) => (
  <span>
    <span className="quiet mono">P{priority}</span> {PRIORITY_NAMES[priority]}
  </span>
);
