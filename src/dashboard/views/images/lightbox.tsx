import { Dialog } from "#dashboard/components/dialog.tsx";
import { Picture } from "#dashboard/components/picture.tsx";
import { scrolling } from "#dashboard/components/scrolling.ts";
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
          <p className="prompt" dir="auto" role="group" {...scrolling("Prompt")}>
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
