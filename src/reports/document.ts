import { z } from "zod";
import type { DateRange } from "./events.ts";

/** The most rows of a table in a PDF: Typst needs 5 s and 1.1 GB for 10,000. The CSV has all rows. */
export const PDF_ROWS = 2_000;

const cell = z.union([z.string(), z.number(), z.null()]);
export type Cell = z.output<typeof cell>;
const count = z.coerce.number();

/** The result of `report_snapshot` in SQL, for every type. */
export const snapshotSchema = z.looseObject({
  /** The headings of the table. */
  columns: z.array(z.string()),
  rowCount: count,
  byStatus: z.record(z.string(), count),
  perDay: z.array(z.tuple([z.string(), count])),
  rows: z.array(z.array(cell)),
});
export type Snapshot = z.output<typeof snapshotSchema>;

/** `width` is the column's share of the page: roughly the number of characters that it needs. */
type Column = { label: string; numeric: boolean; width: number };
export type Chart = {
  title: string;
  kind: "line" | "bar";
  points: Array<{ label: string; value: number }>;
  /** What the chart shows, as text for people who cannot see the chart. */
  words: string;
};

/** The input of the layout, report.typ. Its texts are already formatted. */
export type ReportDocument = {
  type: string;
  title: string;
  period: string;
  snapshotAt: string;
  filters: string;
  figures: Array<{ label: string; value: string }>;
  charts: Chart[];
  table: { title: string; note: string; columns: Column[]; rows: string[][] };
};

/** The contents that a type of report derives from its snapshot. */
export type ReportContent = {
  title: string;
  /** What the report is about, in one sentence. Without it, the report names the account. */
  about?: string;
  tableTitle: string;
  figures: ReportDocument["figures"];
  charts: Chart[];
};

export type ReportFacts = { type: string; range: DateRange; snapshotAt: Date; scope: string | null };

export function toDocument(facts: ReportFacts, snapshot: Snapshot, content: ReportContent): ReportDocument {
  const { columns, rowCount, rows } = snapshot;
  const shown = rows.slice(0, PDF_ROWS);
  const cells = shown.map((row) => columns.map((_, index) => cellText(row[index] ?? null)));
  return {
    type: facts.type,
    title: content.title,
    period: periodOf(facts.range),
    snapshotAt: `${instant.format(facts.snapshotAt)} UTC`,
    filters: content.about ?? (facts.scope === null ? "All accounts." : `Account ${facts.scope}.`),
    figures: content.figures,
    charts: content.charts,
    table: {
      title: content.tableTitle,
      note:
        rowCount > shown.length
          ? `The first ${number(shown.length)} of ${number(rowCount)} rows. The same report as CSV has all of them.`
          : "",
      columns: columns.map((label, index) => ({
        label,
        numeric: shown.every((row) => typeof row[index] === "number"),
        width: widthOf([label, ...cells.map((row) => row[index] ?? "")]),
      })),
      rows: cells,
    },
  };
}

const LEAST_WIDTH = 6;
const MOST_WIDTH = 40;

/** If only a few texts are long, they wrap, so that the other columns have space. A word never wraps. */
function widthOf(texts: readonly string[]): number {
  const lengths = texts.map(({ length }) => length).toSorted((a, b) => a - b);
  const usual = lengths[Math.floor(0.95 * (lengths.length - 1))] ?? 0;
  const longestWord = texts
    .flatMap((text) => text.split(" "))
    .reduce((most, { length }) => Math.max(most, length), 0);
  return Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, usual, longestWord)) + 2;
}

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const instant = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const numbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export const number = (value: number): string => numbers.format(value);

const periodOf = ({ start, end }: DateRange): string =>
  start === end
    ? day.format(new Date(start))
    : `${day.format(new Date(start))} to ${day.format(new Date(end))}`;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT/;

/**
 * The text of a cell: times to the minute, numbers with separators, only the beginning of an id. Control characters are
 * removed, because fonts do not contain them.
 */
function cellText(cell: Cell): string {
  if (cell === null) return "–";
  if (typeof cell === "number") return number(cell);
  if (UUID.test(cell)) return cell.slice(0, 8);
  return INSTANT.test(cell)
    ? cell.slice(0, 16).replace("T", " ")
    : cell.replace(/\p{Cc}/gu, " ").slice(0, 200);
}

/** Every day of the range; days without rows count 0. */
export function perDay({ start, end }: DateRange, counts: Snapshot["perDay"]): Chart["points"] {
  const known = new Map(counts);
  const points: Chart["points"] = [];
  for (let at = Date.parse(start); at <= Date.parse(end); at += 24 * 60 * 60_000) {
    const date = new Date(at).toISOString().slice(0, 10);
    points.push({ label: date.slice(5), value: known.get(date) ?? 0 });
  }
  return points;
}

export function lineChart(title: string, points: Chart["points"]): Chart {
  const values = points.map(({ value }) => value);
  const peak = points.reduce((most, point) => (point.value > most.value ? point : most), {
    label: "",
    value: 0,
  });
  const total = values.reduce((sum, value) => sum + value, 0);
  return {
    title,
    kind: "line",
    points,
    words: `${title}: ${number(total)} in ${points.length} days; most on ${peak.label || "no day"} (${number(peak.value)}).`,
  };
}

export function barChart(title: string, counts: ReadonlyArray<readonly [string, number]>): Chart {
  const points = counts.map(([label, value]) => ({ label, value }));
  return {
    title,
    kind: "bar",
    points,
    words: `${title}: ${points.map(({ label, value }) => `${label} ${number(value)}`).join(", ") || "none"}.`,
  };
}

export const byStatus = ({ byStatus }: Snapshot) =>
  Object.entries(byStatus).toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b));
