import type { FormEvent } from "react";
import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";
import { day, TYPES } from "./words.ts";

type Asked = { jobId: string; message: string };

/** The form with type, days and format; by default the last thirty days. */
export function NewReport({ onChange }: { onChange: () => void }) {
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const { reportType, format, start, end } = Object.fromEntries(new FormData(form));
    const { jobId, message } = await api.post<Asked>("/api/reports", {
      reportType,
      format,
      dateRange: { start, end },
    });
    expectOutcome(
      jobId,
      `Report: ${TYPES.find(({ value }) => value === reportType)?.text}`,
      `#/reports/${jobId}`,
    );
    toast({ tone: "info", text: message, href: `#/reports/${jobId}` });
    onChange();
  });
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <form className="card new-report" aria-label="New report" onSubmit={ask}>
      <label>
        Report
        <select name="reportType">
          {TYPES.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        First day
        <input name="start" type="date" defaultValue={day(-29)} max={day(0)} required />
      </label>
      <label>
        Last day
        <input name="end" type="date" defaultValue={day(0)} required />
      </label>
      <label>
        Format
        <select name="format">
          <option value="pdf">PDF</option>
          <option value="csv">CSV</option>
        </select>
      </label>
      <button type="submit" className="primary" aria-disabled={isBusy}>
        Generate report
      </button>
    </form>
  );
}
