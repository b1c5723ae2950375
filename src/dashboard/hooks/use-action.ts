import { useCallback, useRef, useState } from "react";
import { problemOf, sentencesOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";

/**
 * Makes a function for a click, which runs the action once at a time and shows a failure as a toast. While the action
 * runs, its button is `aria-disabled`: a `disabled` button would lose the focus, and a dialog could not return the
 * focus to the button.
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
          toast({ tone: "bad", text: sentencesOf(problemOf(error)) });
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
