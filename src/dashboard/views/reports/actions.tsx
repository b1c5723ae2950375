import { api } from "#dashboard/api.ts";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { download } from "#dashboard/download.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Report } from "#dashboard/types.ts";
import { titleOf } from "./words.ts";

type ActionsProps = { report: Report; onChange: () => void };

export function ReportActions({ report, onChange }: ActionsProps) {
  const { id, downloadUrl } = report;
  const title = titleOf(report);
  const { run: downloadFile, isBusy } = useAction(download);
  const revoke = useAction(async () => {
    const answer = await confirm({
      title: `Revoke “${title}”?`,
      text: "Its file is removed, and it cannot be downloaded any more.",
      yes: "Revoke",
      tone: "danger",
    });
    if (answer === null) return;
    await api.remove(`/api/reports/${id}`);
    toast({ tone: "info", text: `Revoked: ${title}` });
    onChange();
  });
  if (downloadUrl === null) return null;
  return (
    <div className="row">
      <button
        type="button"
        className="primary"
        aria-label={`Download: ${title}`}
        aria-disabled={isBusy}
        onClick={() => downloadFile(downloadUrl)}
      >
        <Icon name="download" /> Download
      </button>
      <button
        type="button"
        aria-label={`Revoke: ${title}`}
        aria-disabled={revoke.isBusy}
        onClick={() => revoke.run()}
      >
        Revoke
      </button>
    </div>
  );
}
