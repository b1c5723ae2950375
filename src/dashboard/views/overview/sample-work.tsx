import { api } from "#dashboard/api.ts";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useLocalStack } from "#dashboard/hooks/use-local-stack.ts";

/** A button for a page without work. It loads sample work in a local stack, and is not shown elsewhere. */
export function SampleWork() {
  const { sampleWorkUrl } = useLocalStack();
  const { run, isBusy } = useAction(async () => {
    if (sampleWorkUrl === undefined) return;
    await api.post(sampleWorkUrl);
    toast({ tone: "good", text: "Sample work is loaded: a campaign, pictures, a report." });
  });
  if (sampleWorkUrl === undefined) return null;
  return (
    <button type="button" className="primary" aria-disabled={isBusy} onClick={() => run()}>
      <Icon name="moon" /> {isBusy ? "Loading…" : "Load sample work"}
    </button>
  );
}
