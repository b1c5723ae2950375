import { PRIORITY_NAMES } from "#dashboard/priorities.ts";
import type { Priority } from "#lib/engine/priorities.ts";

/** The class of some work by its number and its name. */
export const ClassMark = ({ priority }: { priority: Priority }) => (
  <span>
    <span className="quiet mono">P{priority}</span> {PRIORITY_NAMES[priority]}
  </span>
);
