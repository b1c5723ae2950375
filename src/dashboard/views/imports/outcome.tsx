import { type Fact, Numbers } from "#dashboard/components/facts.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import { count } from "#dashboard/format.ts";
import type { Import } from "#dashboard/types.ts";
import { isUnderWay, paceOf, size, toneOfImport } from "./words.ts";

/** The progress of an import, and the outcome of its rows. */
export function Outcome({ item }: { item: Import }) {
  const { counts, dryRun, error } = item;
  const facts: Fact[] = [
    { name: dryRun ? "Would be inserted" : "Inserted", value: count(counts.inserted) },
    { name: dryRun ? "Would be updated" : "Updated", value: count(counts.updated) },
    { name: "Unchanged", value: count(counts.unchanged) },
    { name: "Skipped", value: count(counts.skipped) },
    { name: "Rejected", value: <Rejected rows={counts.rejected} /> },
  ];
  return (
    <>
      {error !== null && <Why error={error} />}
      <Course item={item} />
      <Numbers facts={facts} />
    </>
  );
}

/** Why the import failed, and what to do. */
function Why({ error }: { error: unknown }) {
  const fields = fieldsOf(error);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" ? value : "";
  };
  return (
    <Note tone="bad" icon="alert">
      <strong>{text("message") || "The import failed"}</strong> <code>{text("code")}</code>
      <p>{text("hint")}</p>
    </Note>
  );
}

const Rejected = ({ rows }: { rows: number }) => (
  <span className={rows > 0 ? "bad" : undefined}>{count(rows)}</span>
);

/** While the file is read, bytes are counted; while it is written, rows. */
export function Course({ item }: { item: Import }) {
  const { phase, percent, rowsDone, rowsTotal, bytesRead, bytesTotal } = item.progress;
  const words =
    rowsTotal === null
      ? `${size(bytesRead)}${bytesTotal === null ? "" : ` of ${size(bytesTotal)}`} read`
      : `${count(rowsDone)} of ${count(rowsTotal)} rows`;
  const pace = isUnderWay(item) ? paceOf(item.progress) : "";
  return (
    <div className="import-course">
      <Progress
        progress={{ done: percent, total: 100, percent }}
        tone={toneOfImport(item)}
        words={phase === "waiting" ? "Waiting for its turn" : words}
        large
      />
      {pace !== "" && <p className="quiet small numbers">{pace}</p>}
    </div>
  );
}
