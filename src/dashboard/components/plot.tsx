import { useState } from "react";
import { short, timeOfDay } from "#dashboard/format.ts";
import { useTheme } from "#dashboard/theme.ts";
import type { Tone } from "./badge.tsx";
import { Canvas } from "./plot-canvas.tsx";
import { Table } from "./table.tsx";
import "./plot.css";

export type Series = { name: string; tone: Tone; shape: "line" | "area" | "bars"; values: readonly number[] };

type PlotProps = {
  /** What is plotted, for screen readers. */
  label: string;
  /** Times in milliseconds, ascending. */
  times: readonly number[];
  series: readonly Series[];
  height?: number;
};

/**
 * A small plot over time, which shows the numbers at the pointer. A button beside the plot shows all numbers as a
 * table.
 */
export function Plot({ label, times, series, height = 150 }: PlotProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const [isTable, setIsTable] = useState(false);
  // When the colors change, a new canvas is made, because a canvas reads its colors once.
  const shapes = series.map(({ tone, shape }) => `${tone} ${shape}`).join();
  const look = `${useTheme()} ${height} ${shapes}`;
  const shown = pointed ?? times.length - 1;
  const at = times[shown];
  return (
    <figure className="plot" aria-label={label}>
      <figcaption className="row apart">
        <ul className="keys">
          {series.map(({ name, tone, values }) => (
            <li key={name} className={`tone-${tone}`}>
              {name} <b>{short(values[shown] ?? 0)}</b>
            </li>
          ))}
          {at !== undefined && <li className="at">at {timeOfDay(at)}</li>}
        </ul>
        <button
          type="button"
          className="plain as-table"
          aria-pressed={isTable}
          onClick={() => setIsTable(!isTable)}
        >
          As a table
        </button>
      </figcaption>
      {isTable ? (
        <Numbers label={label} times={times} series={series} />
      ) : (
        <Canvas key={look} {...{ times, series, shapes, height }} onPoint={setPointed} />
      )}
    </figure>
  );
}

function Numbers({ label, times, series }: Pick<PlotProps, "label" | "times" | "series">) {
  const rows = times.map((at, n) => ({ at, n })).toReversed();
  return (
    <Table
      caption={label}
      rows={rows}
      keyOf={({ at }) => String(at)}
      columns={[
        { head: "Time", cell: ({ at }) => timeOfDay(at) },
        ...series.map(({ name, values }) => ({
          head: name,
          align: "end" as const,
          cell: ({ n }: { n: number }) => short(values[n] ?? 0),
        })),
      ]}
    />
  );
}
