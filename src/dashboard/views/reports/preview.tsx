import { useEffect, useState } from "react";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import type { Report } from "#dashboard/types.ts";
import { titleOf } from "./words.ts";

/** The PDF in the browser's own viewer; a browser without a viewer shows a message. */
export function Preview({ report }: { report: Report }) {
  const [url, setUrl] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const { id } = report;
  const canShow = navigator.pdfViewerEnabled;
  useEffect(() => {
    if (!canShow) return undefined;
    let isGone = false;
    let made: string | undefined;
    const load = async () => {
      try {
        const bytes = await api.bytes(`/api/reports/${id}/preview`);
        if (isGone) return;
        made = URL.createObjectURL(bytes);
        setUrl(made);
      } catch (error) {
        if (!isGone) setProblem(problemOf(error));
      }
    };
    void load();
    return () => {
      isGone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [id, canShow]);
  if (!canShow) return <p className="quiet">This browser shows no PDF in a page: download it.</p>;
  if (problem) return <ErrorNote problem={problem} showsOffline />;
  if (url === undefined) return <Loading what="Loading the preview" />;
  // oxlint-disable-next-line react/iframe-missing-sandbox -- a sandbox would block Chromium's PDF viewer; the file is ours
  return <iframe className="report-preview" src={url} title={`Preview of ${titleOf(report)}`} />;
}
