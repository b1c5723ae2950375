import { useCallback, useEffect, useRef, useState } from "react";
import { type Problem, problemOf, sentencesOf } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";

type Options = {
  /**
   * Whether the caller shows `problem` in an open dialog, with `ActionNote`. A toast is not enough there, because a modal
   * dialog covers the toasts, and screen readers do not read them. A failure after the dialog has closed is a toast.
   */
  isInDialog?: boolean;
};

/**
 * Makes a function for a click, which runs the action once at a time and shows a failure as a toast, or returns it as
 * `problem` until the next run. While the action runs, its button is `aria-disabled`: a `disabled` button would lose the
 * focus, and a dialog could not return the focus to the button.
 */
export function useAction<Arguments extends unknown[]>(
  action: (...args: Arguments) => Promise<void>,
  { isInDialog = false }: Options = {},
) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const isRunning = useRef(false);
  const isShown = useRef(false);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  const run = useCallback(
    (...args: Arguments) => {
      if (isRunning.current) return;
      isRunning.current = true;
      setIsBusy(true);
      setProblem(undefined);
      action(...args)
        .catch((error: unknown) => {
          const failure = problemOf(error);
          if (isInDialog && isShown.current) setProblem(failure);
          else toast({ tone: "bad", text: sentencesOf(failure) });
        })
        .finally(() => {
          isRunning.current = false;
          setIsBusy(false);
        });
    },
    [action, isInDialog],
  );
  return { run, isBusy, problem };
}
