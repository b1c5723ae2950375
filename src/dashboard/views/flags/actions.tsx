import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { FlagDetails } from "#dashboard/types.ts";

type ActionsProps = { flag: FlagDetails; onChange: () => void };

/** Going back to the old way needs no confirmation, and neither does the percentage that the advice recommends. */
export function FlagActions({ flag: { name, isOn, advice }, onChange }: ActionsProps) {
  const { run, isBusy } = useAction(
    async (change: { isOn: boolean } | { percentage: number }, message: string) => {
      await api.put(`/api/flags/${name}`, change);
      toast({ tone: "info", text: `${name}: ${message}` });
      onChange();
    },
  );
  const next = advice.next === "go_on" ? advice.percentage : null;
  return (
    <>
      {next !== null && (
        <button
          type="button"
          className="primary"
          aria-disabled={isBusy}
          onClick={() => run({ percentage: next }, `${next} % take the new way`)}
        >
          Go on with {next} %
        </button>
      )}
      {isOn ? (
        <button
          type="button"
          className="danger"
          aria-label={`Turn back: ${name}`}
          aria-disabled={isBusy}
          onClick={() => run({ isOn: false }, "everything takes the old way")}
        >
          Turn back
        </button>
      ) : (
        <button
          type="button"
          aria-label={`Turn on: ${name}`}
          aria-disabled={isBusy}
          onClick={() => run({ isOn: true }, "the flag is on")}
        >
          Turn on
        </button>
      )}
    </>
  );
}
