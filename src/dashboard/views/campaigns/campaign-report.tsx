import { useState } from "react";
import { api } from "#dashboard/api.ts";
import { Icon } from "#dashboard/components/icon.tsx";
import { download } from "#dashboard/download.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useLiveJob } from "#dashboard/live.ts";
import type { Campaign } from "#dashboard/types.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";

type Asked = { jobId: string; reportUrl: string };
const TEXTS = { none: "Make report", making: "Generating…", made: "Download report" };

/** Makes the report of a campaign as PDF, then downloads it. One button does both, so that the focus stays on it. */
export function CampaignReport({ campaign: { id, name } }: { campaign: Pick<Campaign, "id" | "name"> }) {
  const [asked, setAsked] = useState<Asked>();
  const state = stateOf(asked, useLiveJob(asked?.jobId ?? "")?.status);
  const { run, isBusy } = useAction(async () => {
    if (asked !== undefined && state === "made") return download(`${asked.reportUrl}/download`);
    const answer = await api.post<Asked>("/api/reports", {
      reportType: "campaign",
      campaignId: id,
      format: "pdf",
    });
    expectOutcome(answer.jobId, `Report: ${name}`, `#/reports/${answer.jobId}`);
    setAsked(answer);
  });
  return (
    <button
      type="button"
      aria-disabled={isBusy || state === "making"}
      onClick={() => state !== "making" && run()}
    >
      <Icon name={state === "made" ? "download" : "report"} /> {TEXTS[state]}
    </button>
  );
}

/** A report that failed can be requested again. */
function stateOf(asked: Asked | undefined, status: string | undefined): keyof typeof TEXTS {
  if (asked === undefined || status === "failed" || status === "canceled" || status === "skipped")
    return "none";
  return status === "completed" ? "made" : "making";
}
