import { type ReactNode, useId } from "react";
import { count } from "#dashboard/format.ts";
import "./group.css";

/** The period over which ended tasks are counted. */
export const OF_A_DAY = "in 24 hours";

type GroupProps = {
  name: string;
  /** Undefined while the number is not known. */
  size: number | undefined;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
};

/**
 * Shows the tasks with one status and their number. The number is outside the heading, so that the section's name for
 * screen readers does not change with it.
 */
export function Group({ name, size, hint, actions, children }: GroupProps) {
  const id = useId();
  return (
    <section className={`group group-${name.toLowerCase().replaceAll(" ", "-")}`} aria-labelledby={id}>
      <header className="row apart">
        <div className="row">
          <h2 id={id}>{name}</h2>
          <span className="how-many">{size === undefined ? "…" : count(size)}</span>
          {hint && <span className="quiet small">{hint}</span>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
