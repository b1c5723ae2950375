import { type FormEvent, useState } from "react";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { WebhookType } from "#dashboard/types.ts";
import { replayPeriod } from "./replay.ts";
import { REPLAYED } from "./words.ts";

const PERIODS = [
  { hours: 24, text: "24 hours" },
  { hours: 168, text: "7 days" },
  { hours: 720, text: "30 days" },
  { hours: 2160, text: "90 days" },
];

/** The form to choose webhooks that will be handled again. Its fields begin with the filter of the list. */
export function ReplayForm({ types, query }: { types: readonly WebhookType[]; query: URLSearchParams }) {
  const sources = [...new Set(types.map(({ source }) => source))];
  const [chosen, setChosen] = useState<string>();
  const wanted = chosen ?? query.get("source") ?? "";
  const source = sources.includes(wanted) ? wanted : sources[0];
  const { run, isBusy } = useAction((form: HTMLFormElement) => start(new FormData(form)));
  if (source === undefined) return null;
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <form className="card new-endpoint" aria-label="Replay" onSubmit={ask}>
      <label>
        Replay webhooks of
        <select name="source" value={source} onChange={({ target }) => setChosen(target.value)}>
          {sources.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <Choice
        key={`${source} ${query.get("type")}`}
        name="type"
        label="Of type"
        options={types.filter((one) => one.source === source).map(({ type }) => type)}
        query={query}
      />
      <Choice key={query.get("status")} name="status" label="With status" options={REPLAYED} query={query} />
      <label>
        Of the last
        <select name="hours">
          {PERIODS.map(({ hours, text }) => (
            <option key={hours} value={hours}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        A second
        <input name="perSecond" type="number" min={1} max={100} defaultValue={10} required />
      </label>
      <button type="submit" aria-disabled={isBusy}>
        Count and replay
      </button>
    </form>
  );
}

type ChoiceProps = { name: string; label: string; options: readonly string[]; query: URLSearchParams };

function Choice({ name, label, options, query }: ChoiceProps) {
  const filtered = query.get(name) ?? "";
  return (
    <label>
      {label}
      <select name={name} defaultValue={options.includes(filtered) ? filtered : ""}>
        <option value="">any</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}

function start(form: FormData): Promise<void> {
  /** The chosen value; undefined when any value is accepted. */
  const chosen = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const now = Date.now();
  const period = {
    from: new Date(now - Number(form.get("hours")) * 3_600_000).toISOString(),
    to: new Date(now).toISOString(),
  };
  const filter = { source: chosen("source"), type: chosen("type"), status: chosen("status"), ...period };
  return replayPeriod(filter, Number(form.get("perSecond")));
}
