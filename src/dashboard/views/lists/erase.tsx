import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";

type EraseProps = { path: string; email: string; listId: string };

/** Erases one subscriber, and returns to the list. */
export function Erase({ path, email, listId }: EraseProps) {
  const { run, isBusy } = useAction(async () => {
    const answer = await confirm({
      title: `Erase ${email}?`,
      text:
        "The address and its fields are deleted from this list, and mails that wait for it are skipped. " +
        "A later import does not bring it back. This cannot be undone.",
      yes: "Erase",
      tone: "danger",
    });
    if (answer === null) return;
    await api.remove(path);
    toast({ tone: "info", text: `${email} is erased` });
    location.hash = `#/lists/${listId}`;
  });
  return (
    <button type="button" className="danger" aria-disabled={isBusy} onClick={() => run()}>
      Erase
    </button>
  );
}
