import { count } from "#dashboard/format.ts";
import type { Tone } from "./badge.tsx";
import "./progress.css";

type ProgressProps = {
  progress: { done: number; total: number; percent: number } | null;
  tone?: Tone;
  /** Whether the bar is as wide as its container, with the numbers beside it. */
  large?: boolean;
  /** What is counted, for screen readers: "rows". */
  of?: string;
  /** Shown instead of the two numbers. */
  words?: string;
};

export function Progress({
  progress,
  tone = "info",
  large = false,
  of = "",
  words: ownWords,
}: ProgressProps) {
  if (progress === null) return <span className="quiet">–</span>;
  const { done, total, percent } = progress;
  const words = ownWords ?? `${count(done)} of ${count(total)}${of && ` ${of}`}`;
  return (
    <span className={`progress tone-${tone} ${large ? "large" : ""}`} title={words}>
      <progress max={Math.max(total, 1)} value={total === 0 ? percent / 100 : done} aria-label={words} />
      <span className="percent">{percent} %</span>
      {large && <span className="quiet small">{words}</span>}
    </span>
  );
}
