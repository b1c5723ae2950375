import { useEffect, useRef } from "react";
import { Picture } from "#dashboard/components/picture.tsx";
import { lasting } from "#dashboard/format.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import "./lightbox.css";

/** One picture, whole. The browser keeps the focus inside and gives it back at the end. */
export function Lightbox({ task, onClose }: { task: ImageTask; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="lightbox" aria-label={task.prompt} onClose={onClose} closedby="any">
      <div className="lightbox-body">
        <Picture path={task.imageUrl} alt={task.prompt} />
        <div className="row apart">
          <div>
            <p>{task.prompt}</p>
            <p className="quiet small">
              {took(task)} <a href={pageOf(task.jobUrl)}>Job</a>
            </p>
          </div>
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  );
}

function took({ startedAt, completedAt, attempts }: ImageTask): string {
  if (startedAt === null || completedAt === null) return "";
  const time = lasting(Date.parse(completedAt) - Date.parse(startedAt));
  return `Drawn in ${time}${attempts > 1 ? ` with ${attempts} attempts` : ""}.`;
}
