import { useState } from "react";
import { api, Problem } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

export type Asked = {
  source: { uploadId: string };
  target: string;
  options: Record<string, string>;
  mapping: Record<string, string | null>;
  merge: string;
  absent: string;
  dryRun?: boolean;
  again?: boolean;
};
type Receipt = { importId: string; message: string };

/** Starts an import and shows its page. The result of a dry run is shown below the form, which stays. */
export function useStart(fileName: string) {
  const [trialId, setTrialId] = useState<string>();
  const { run, isBusy } = useAction(async (asked: Asked) => {
    const receipt = await ask(asked);
    if (receipt === null) return;
    const { importId, message } = receipt;
    if (asked.dryRun) {
      setTrialId(importId);
      return;
    }
    const href = `#/imports/${importId}`;
    expectOutcome(importId, `Import of ${fileName}`, href);
    toast({ tone: "info", text: `${message} ${fileName}`, href });
    location.hash = href;
  });
  return { start: run, isBusy, trialId };
}

/** Starts the import. When the same file was imported before, asks first; returns null when the user declines. */
async function ask(asked: Asked): Promise<Receipt | null> {
  try {
    return await api.post<Receipt>("/api/imports", asked);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "already_imported") throw error;
    const answer = await confirm({
      title: "Import the same file again?",
      text: `${error.detail}. With “update” and “insert or update” its rows are written again, and none is doubled.`,
      yes: "Import again",
      no: "Do not import",
    });
    return answer === null ? null : await api.post<Receipt>("/api/imports", { ...asked, again: true });
  }
}
