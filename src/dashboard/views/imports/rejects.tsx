import { Card } from "#dashboard/components/card.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { count } from "#dashboard/format.ts";
import type { ImportDetails } from "#dashboard/types.ts";

type Reject = ImportDetails["summary"]["errors"][number];
type Conflict = ImportDetails["conflicts"][number];

const REJECTS: Column<Reject>[] = [
  { head: "Line", align: "end", tight: true, cell: ({ line }) => count(line) },
  {
    head: "Column",
    tight: true,
    hideOnPhone: true,
    cell: ({ column }) => <span dir="auto">{column ?? "–"}</span>,
  },
  {
    head: "Why",
    cell: ({ message, hint, code }) => (
      <>
        {message} <code className="quiet">{code}</code>
        <small>{hint}</small>
      </>
    ),
  },
  {
    head: "Row",
    cell: ({ raw }) => (
      <code className="sample" dir="auto">
        {raw}
      </code>
    ),
  },
];

/** The first rejected rows, each with its reason. */
export function Rejects({ item: { summary } }: { item: ImportDetails }) {
  const { errors, failed } = summary;
  if (errors.length === 0) return null;
  const all = errors.length === failed ? "" : `The first ${count(errors.length)} of ${count(failed)}. `;
  return (
    <Card title="Rejected rows" flush>
      <p className="small quiet inset">
        {all}Correct them in rejects.csv and import that, or import them once more as they are.
      </p>
      <Table caption="Rejected rows" columns={REJECTS} rows={errors} keyOf={({ row }) => String(row)} />
    </Card>
  );
}

const REASONS: Record<Conflict["reason"], string> = {
  changed: "Changed since the import",
  gone: "Deleted since the import",
  in_use: "Other rows refer to it",
};
const CONFLICTS: Column<Conflict>[] = [
  { head: "Row of the file", align: "end", tight: true, cell: ({ row }) => count(row) },
  { head: "Why it was left alone", cell: ({ reason }) => REASONS[reason] },
  { head: "Row in the table", align: "end", cell: ({ rowId }) => rowId },
];

/** The rows that an undo left unchanged. */
export function Conflicts({ item: { conflicts, undo } }: { item: ImportDetails }) {
  if (conflicts.length === 0) return null;
  const more = (undo?.conflicts ?? 0) > conflicts.length;
  return (
    <Card title="Rows that the undo left alone" flush>
      {more && (
        <p className="small quiet inset">
          The first {count(conflicts.length)} of {count(undo?.conflicts ?? 0)}.
        </p>
      )}
      <Table
        caption="Conflicts of the undo"
        columns={CONFLICTS}
        rows={conflicts}
        keyOf={({ row }) => String(row)}
      />
    </Card>
  );
}
