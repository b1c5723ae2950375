import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { short, timeOfDay } from "#dashboard/format.ts";
import type { Series } from "./plot.tsx";
import { colorsOf, type PlotColors } from "./plot-colors.ts";

/**
 * Half of the width of a bar, in seconds. The axis is longer by this width at both ends, so that the first and the last
 * bar are as wide as the others.
 */
const HALF_A_BAR = 30;

type CanvasProps = {
  times: readonly number[];
  series: readonly Series[];
  shapes: string;
  height: number;
  onPoint: (index: number | null) => void;
};

/** The canvas of a plot. Screen readers get the numbers from the table instead. */
export function Canvas({ times, series, shapes, height, onPoint }: CanvasProps) {
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

/** Each bar is stacked on the following ones; lines are not stacked. */
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
        values: (_plot, moments) => moments.map((at) => timeOfDay(at * 1000)),
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
