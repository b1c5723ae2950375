import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { short } from "#dashboard/format.ts";
import { useTheme } from "#dashboard/theme.ts";
import type { Tone } from "./badge.tsx";
import { colorsOf, type PlotColors } from "./plot-colors.ts";
import { Table } from "./table.tsx";
import "./plot.css";

export type Series = { name: string; tone: Tone; shape: "line" | "area" | "bars"; values: readonly number[] };

type PlotProps = {
  /** What is plotted, for those who hear the page. */
  label: string;
  /** Moments in milliseconds, rising. */
  times: readonly number[];
  series: readonly Series[];
  height?: number;
};

const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** In seconds: the first and the last bar are as wide as the others. */
const HALF_A_BAR = 30;

/** A small plot over time. Where the pointer stands its numbers are told; the button beside it shows all as a table. */
export function Plot({ label, times, series, height = 150 }: PlotProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const [isTable, setIsTable] = useState(false);
  // Another look is another canvas: it reads its colors once.
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
          {at !== undefined && <li className="at">at {time.format(at)}</li>}
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
        { head: "Time", cell: ({ at }) => time.format(at) },
        ...series.map(({ name, values }) => ({
          head: name,
          align: "end" as const,
          cell: ({ n }: { n: number }) => short(values[n] ?? 0),
        })),
      ]}
    />
  );
}

type CanvasProps = Pick<PlotProps, "times" | "series"> & {
  shapes: string;
  height: number;
  onPoint: (index: number | null) => void;
};

function Canvas({ times, series, shapes, height, onPoint }: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = new uPlot(
      optionsOf(shapes, colorsOf(element), { width: element.clientWidth, height, onPoint }),
      [[]],
      element,
    );
    plot.current = drawn;
    const watcher = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      drawn.destroy();
    };
  }, [shapes, height, onPoint]);

  useEffect(() => {
    plot.current?.setData([times.map((at) => at / 1000), ...stacked(series)]);
  }, [times, series]);

  return <div ref={place} className="canvas" aria-hidden="true" style={{ height }} />;
}

/** Bars stand on those that come after them; lines stand for themselves. */
const stacked = (series: readonly Series[]): number[][] =>
  series.map(({ shape, values }, n) => {
    const below = shape === "bars" ? series.slice(n + 1).filter((other) => other.shape === "bars") : [];
    return values.map((value, i) => below.reduce((sum, other) => sum + (other.values[i] ?? 0), value));
  });

type Size = { width: number; height: number; onPoint: (index: number | null) => void };

function optionsOf(shapes: string, colors: PlotColors, { width, height, onPoint }: Size): uPlot.Options {
  const axis = {
    stroke: colors.quiet,
    font: colors.font,
    ticks: { show: false },
    grid: { stroke: colors.line, width: 1 },
  };
  return {
    width,
    height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (_plot, first, last) => [first - HALF_A_BAR, last + HALF_A_BAR] },
      y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        values: (_plot, moments) => moments.map((at) => time.format(at * 1000)),
      },
      {
        ...axis,
        size: 36,
        space: 28,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5],
        values: (_plot, marks) => marks.map(short),
      },
    ],
    series: [{}, ...shapes.split(",").map((one) => seriesOf(one, colors))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

function seriesOf(one: string, colors: PlotColors): uPlot.Series {
  const [tone = "", shape] = one.split(" ");
  const stroke = colors.toneOf(tone);
  const base = { stroke, width: 1.5, points: { show: false } };
  if (shape === "bars") {
    const paths = uPlot.paths.bars?.({ size: [0.7, 14], radius: 0.2 });
    return { ...base, fill: stroke, width: 0, ...(paths && { paths }) };
  }
  return shape === "area" ? { ...base, fill: colors.faded(stroke) } : base;
}
