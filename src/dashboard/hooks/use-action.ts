import { useCallback, useRef, useState } from "react";
import { problemOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";

/**
 * Something a click does: one at a time, and a failure is told as a toast. While it is busy its button is `aria-disabled`:
 * a disabled one would lose the focus, and a dialog could not give it back.
 */
export function useAction<Arguments extends unknown[]>(action: (...args: Arguments) => Promise<void>) {
  const [isBusy, setIsBusy] = useState(false);
  const isRunning = useRef(false);
  const run = useCallback(
    (...args: Arguments) => {
      if (isRunning.current) return;
      isRunning.current = true;
      setIsBusy(true);
      action(...args)
        .catch((error: unknown) => {
          const { detail, hint } = problemOf(error);
          toast({ tone: "bad", text: `${detail} ${hint}`.trim() });
        })
        .finally(() => {
          isRunning.current = false;
          setIsBusy(false);
        });
    },
    [action],
  );
  return { run, isBusy };
}
