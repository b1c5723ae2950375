import { Icon } from "#dashboard/components/icon.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import { exact, lasting } from "#dashboard/format.ts";
import type { JobDetails } from "#dashboard/types.ts";
import { wordFor } from "./words.ts";
import "./timeline.css";

type Entry = { key: string; type: string; at: string; data: unknown };

/** The events of the job, in order, each with the time since acceptance. */
export function Timeline({ job }: { job: JobDetails }) {
  const start = Date.parse(job.createdAt);
  return (
    <ol className="timeline">
      {entriesOf(job).map(({ key, type, at, data }, n) => {
        const { text, icon, tone } = wordFor(type);
        return (
          <li key={key}>
            <span className={`mark tone-${tone}`}>
              <Icon name={icon} size={14} />
            </span>
            <span>
              {text}
              <Details data={data} at={at} />
            </span>
            <time className="quiet small" dateTime={at} title={exact(at)}>
              {n === 0 ? exact(at) : `+ ${lasting(Date.parse(at) - start)}`}
            </time>
          </li>
        );
      })}
    </ol>
  );
}

/**
 * Adds an entry for the time when the job was sent, because that time is only a field of the job. The new entry is
 * placed by its time, but never first.
 */
export function entriesOf({ timeline, sentAt }: Pick<JobDetails, "timeline" | "sentAt">): Entry[] {
  const entries = timeline.map(({ sequence, ...rest }) => ({ key: String(sequence), ...rest }));
  if (sentAt === null) return entries;
  const before = entries.findLastIndex(({ at }) => Date.parse(at) < Date.parse(sentAt));
  return entries.toSpliced(Math.max(before, 0) + 1, 0, { key: "sent", type: "sent", at: sentAt, data: {} });
}

function Details({ data, at }: { data: unknown; at: string }) {
  const fields = [...fieldsOf(data)].filter(([, value]) => value !== null);
  if (fields.length === 0) return null;
  return <code>{fields.map(([name, value]) => inWords(name, value, Date.parse(at))).join(" · ")}</code>;
}

/** A future time is shown as its distance from the entry: "retry in 2 s". */
function inWords(name: string, value: unknown, at: number): string {
  const moment = name.endsWith("At") && typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(moment)) return `${name.slice(0, -2)} in ${lasting(moment - at)}`;
  return `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`;
}
