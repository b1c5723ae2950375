import { api } from "#dashboard/api.ts";
import { Icon } from "#dashboard/components/icon.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { brief } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { idOf } from "#dashboard/hooks/use-hash-route.ts";
import type { ImageTask } from "#dashboard/views/images/task.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type CancelProps = { task: ImageTask; onChange: () => void };

/** Cancels a task that waits, sleeps until its retry, or is being drawn. */
export function CancelTask({ task, onChange }: CancelProps) {
  const { run, isBusy } = useAction(async (button: HTMLElement) => {
    expectOutcome(idOf(task.jobUrl), brief(task.prompt));
    await api.remove(`/api/tasks/${task.id}`);
    focusNeighbor(button.closest("li"));
    onChange();
  });
  return (
    <button
      type="button"
      className="plain icon-only"
      aria-disabled={isBusy}
      aria-label={`Cancel: ${brief(task.prompt)}`}
      title="Cancel"
      onClick={(event) => run(event.currentTarget)}
    >
      <Icon name="close" />
    </button>
  );
}
