import { type FormEvent, useState } from "react";
import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { expectOutcome } from "#dashboard/views/outcomes/watch.ts";
import { day, LISTS, TYPES, typeText } from "./words.ts";

type Asked = { jobId: string; message: string };

/** The form with type, days and format. By default the days are the last thirty. */
export function NewReport({ onChange }: { onChange: () => void }) {
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const { reportType, format, start, end } = Object.fromEntries(new FormData(form));
    const { jobId, message } = await api.post<Asked>("/api/reports", {
      reportType,
      format,
      dateRange: { start, end },
    });
    expectOutcome(jobId, `Report: ${typeText(reportType)}`, `#/reports/${jobId}`);
    toast({ tone: "info", text: message, href: `#/reports/${jobId}` });
    onChange();
  });
  const [type, setType] = useState<string>(TYPES[0].value);
  const isList = LISTS.some(({ value }) => value === type);
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <form className="card new-report" aria-label="New report" onSubmit={ask}>
      <label>
        Report
        <select name="reportType" value={type} onChange={(event) => setType(event.target.value)}>
          <optgroup label="Reports">
            <Options of={TYPES} />
          </optgroup>
          <optgroup label="Lists">
            <Options of={LISTS} />
          </optgroup>
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
          {!isList && <option value="pdf">PDF</option>}
          <option value="csv">CSV</option>
        </select>
      </label>
      <button type="submit" className="primary" aria-disabled={isBusy}>
        Generate report
      </button>
    </form>
  );
}

const Options = ({ of }: { of: readonly { value: string; text: string }[] }) =>
  of.map(({ value, text }) => (
    <option key={value} value={value}>
      {text}
    </option>
  ));
