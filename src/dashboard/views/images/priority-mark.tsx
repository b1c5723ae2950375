const NAMES = ["", "critical", "high", "normal", "low", "background"];
const NORMAL = 3;

/** Says what is unusual: most tasks are of normal priority. */
export function PriorityMark({ priority }: { priority: number }) {
  if (priority === NORMAL) return null;
  return (
    <span className={`priority-mark ${priority < NORMAL ? "above" : ""}`}>{NAMES[priority] ?? priority}</span>
  );
}
