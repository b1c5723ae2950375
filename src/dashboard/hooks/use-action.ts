import { useCallback, useState } from "react";
import { problemOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";

/** Something a click does: one at a time, and a failure is told as a toast. */
export function useAction<Arguments extends unknown[]>(action: (...args: Arguments) => Promise<void>) {
  const [isBusy, setIsBusy] = useState(false);
  const run = useCallback(
    (...args: Arguments) => {
      setIsBusy(true);
      action(...args)
        .catch((error: unknown) => {
          const { detail, hint } = problemOf(error);
          toast({ tone: "bad", text: `${detail} ${hint}`.trim() });
        })
        .finally(() => setIsBusy(false));
    },
    [action],
  );
  return { run, isBusy };
}
