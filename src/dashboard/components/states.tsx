/** What is shown instead of content: loading, empty, or an error. */
import type { ReactNode } from "react";
import { type Problem, sentencesOf } from "#dashboard/api.ts";
import { withStop } from "#dashboard/format.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./states.css";

export function Empty({
  icon = "moon",
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <Icon name={icon} size={24} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

const WIDTHS = [100, 92, 97, 88, 95, 90, 98, 86];

export function Loading({ rows = 5, what = "Loading" }: { rows?: number; what?: string }) {
  return (
    <div className="loading" role="status">
      <span className="unseen">{what}…</span>
      {Array.from({ length: rows }, (_, n) => (
        <i key={n} style={{ width: `${WIDTHS[n % WIDTHS.length] ?? 100}%` }} />
      ))}
    </div>
  );
}

type ErrorNoteProps = {
  problem: Problem;
  onRetry?: () => void;
  /** Whether the note is also shown when the server cannot be reached. */
  showsOffline?: boolean;
};

export function ErrorNote({ problem, onRetry, showsOffline = false }: ErrorNoteProps) {
  // When the server cannot be reached, the frame shows one message for the whole page. A dialog covers that message,
  // and a view that does not ask again by itself needs its own note.
  if (problem.status === 0 && !showsOffline) return null;
  return (
    <div className="error-note" role="alert">
      <Icon name="alert" size={20} />
      <div>
        <strong>{withStop(problem.detail)}</strong> {problem.hint}
      </div>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          <Icon name="retry" /> Try again
        </button>
      )}
    </div>
  );
}

/** Why an action of a dialog failed, and what to do. */
export const ActionNote = ({ problem }: { problem: Problem | undefined }) =>
  problem && (
    <div className="error-note" role="alert">
      <Icon name="alert" size={20} />
      <div>{sentencesOf(problem)}</div>
    </div>
  );
