import { Dialog } from "#dashboard/components/dialog.tsx";
import { Picture } from "#dashboard/components/picture.tsx";
import { brief, lasting } from "#dashboard/format.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./lightbox.css";

/** One picture in full size. */
export function Lightbox({ task, onClose }: { task: ImageTask; onClose: () => void }) {
  return (
    <Dialog title={brief(task.prompt)} onClose={onClose} isBare>
      <div className="lightbox">
        <Picture path={task.imageUrl} alt={brief(task.prompt)} />
        <div>
          {/* A long prompt scrolls in itself, also with the keyboard. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <p className="prompt" dir="auto" role="group" aria-label="Prompt" tabIndex={0}>
            {task.prompt}
          </p>
          <p className="quiet small">
            {took(task)} <a href={pageOf(task.jobUrl)}>Job</a>
          </p>
        </div>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function took({ startedAt, completedAt, attempts }: ImageTask): string {
  if (startedAt === null || completedAt === null) return "";
  const time = lasting(Date.parse(completedAt) - Date.parse(startedAt));
  return `Drawn in ${time}${attempts > 1 ? ` with ${attempts} attempts` : ""}.`;
}
