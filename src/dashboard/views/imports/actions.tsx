import { api } from "#dashboard/api.ts";
import { confirm, type Question } from "#dashboard/components/dialog.tsx";
import { Icon, type IconName } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { download } from "#dashboard/download.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Import } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";
import { isUnderWay } from "./words.ts";

type ActionsProps = { item: Import; onChange: () => void };

export function ImportActions({ item, onChange }: ActionsProps) {
  const { counts, dryRun, rejectsUrl, undo } = item;
  const isOver = !isUnderWay(item);
  const hasWritten = !dryRun && counts.inserted + counts.updated > 0;
  const canUndo = isOver && hasWritten && (undo === null || undo.status === "failed");
  return (
    <>
      {!isOver && <CancelButton item={item} onChange={onChange} />}
      {rejectsUrl !== null && <Action text="rejects.csv" icon="download" work={() => download(rejectsUrl)} />}
      {isOver && rejectsUrl !== null && !dryRun && <RetryButton item={item} />}
      {canUndo && <UndoButton item={item} onChange={onChange} />}
    </>
  );
}

function CancelButton({ item: { id, fileName }, onChange }: ActionsProps) {
  const question: Question = {
    title: `Cancel the import of “${fileName}”?`,
    text: "The parts in progress are finished; the rest of the file is not imported.",
    yes: "Cancel import",
    no: "Go on",
    tone: "danger",
  };
  const cancel = async () => {
    await api.remove(`/api/imports/${id}`);
    onChange();
  };
  return <Action text="Cancel" icon="stop" question={question} work={cancel} />;
}

function RetryButton({ item: { id, fileName } }: Pick<ActionsProps, "item">) {
  const retry = async () => {
    const { importId } = await api.post<{ importId: string }>(`/api/imports/${id}/retry`);
    const href = `#/imports/${importId}`;
    expectOutcome(importId, `Rejected rows of ${fileName}`, href);
    location.hash = href;
  };
  return <Action text="Retry rejected rows" icon="retry" work={retry} />;
}

function UndoButton({ item: { id, fileName, counts }, onChange }: ActionsProps) {
  const question: Question = {
    title: `Undo the import of “${fileName}”?`,
    text:
      `The ${counts.inserted} inserted rows are deleted, and the ${counts.updated} updated ones get their values back. ` +
      "Rows that were changed since are left alone and listed.",
    yes: "Undo import",
    no: "Keep it",
    tone: "danger",
  };
  const undo = async () => {
    const { jobId } = await api.post<{ jobId: string }>(`/api/imports/${id}/undo`);
    expectOutcome(jobId, `Undo of ${fileName}`, `#/imports/${id}`);
    toast({ tone: "info", text: `Undoing ${fileName}` });
    onChange();
  };
  return <Action text="Undo" icon="undo" question={question} work={undo} />;
}

type ActionProps = { text: string; icon: IconName; question?: Question; work: () => Promise<void> };

/** A button. When `question` is given, the user must confirm it first. */
function Action({ text, icon, question, work }: ActionProps) {
  const { run, isBusy } = useAction(async () => {
    if (question === undefined || (await confirm(question)) !== null) await work();
  });
  return (
    <button type="button" className={question?.tone} aria-disabled={isBusy} onClick={() => run()}>
      <Icon name={icon} /> {text}
    </button>
  );
}
