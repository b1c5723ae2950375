import { Fragment } from "react";
import type { Tone } from "#dashboard/components/badge.tsx";
import { lasting } from "#dashboard/format.ts";
import { useNow } from "#dashboard/hooks/use-now.ts";
import type { JobDetails } from "#dashboard/types.ts";
import { type Bar, courseOf, type Lane, ticksOf } from "./course.ts";
import "./course-picture.css";

const TONES: Record<Bar["outcome"], Tone> = {
  running: "info",
  completed: "good",
  failed: "bad",
  canceled: "quiet",
  none: "quiet",
};

type Look = Pick<Bar, "kind" | "outcome">;

const LEGEND: readonly (Look & { text: string })[] = [
  { kind: "held", outcome: "none", text: "held" },
  { kind: "queued", outcome: "none", text: "in line" },
  { kind: "attempt", outcome: "running", text: "in progress" },
  { kind: "attempt", outcome: "completed", text: "attempt that succeeded" },
  { kind: "attempt", outcome: "failed", text: "attempt that failed" },
  { kind: "attempt", outcome: "canceled", text: "attempt that was stopped" },
  { kind: "pause", outcome: "none", text: "pause before the retry" },
];

const classOf = ({ kind, outcome }: Look) => `bar ${kind} ${outcome} tone-${TONES[outcome]}`;

/** Waiting, runs, attempts and pauses as bars over time, with the same facts as text for screen readers. */
export function CoursePicture({ job }: { job: JobDetails }) {
  const course = courseOf(job, useNow());
  const bars = course.lanes.flatMap((lane) => lane.bars);
  const length = Math.max(1, course.to - course.from);
  const place = (at: number) => `${((at - course.from) / length) * 100}%`;
  return (
    <figure className="stack course-figure">
      <div className="course" aria-hidden="true">
        {course.lanes.map(({ label, bars }) => (
          <Fragment key={label}>
            <span className="quiet">{label}</span>
            <span className="track">
              {bars.map((bar) => (
                <span
                  key={`${bar.kind} ${bar.from}`}
                  className={classOf(bar)}
                  style={{
                    left: place(bar.from),
                    width: `${(Math.max(0, bar.to - bar.from) / length) * 100}%`,
                  }}
                  title={inWords(bar)}
                />
              ))}
            </span>
          </Fragment>
        ))}
        <span />
        <span className="axis">
          {ticksOf(course).map((at) => (
            <span key={at} style={{ left: place(course.from + at) }}>
              {at === 0 ? "0" : lasting(at)}
            </span>
          ))}
        </span>
      </div>
      <ul className="legend" aria-hidden="true">
        {LEGEND.filter((look) => bars.some((bar) => classOf(bar) === classOf(look))).map((look) => (
          <li key={look.text}>
            <span className={classOf(look)} /> {look.text}
          </li>
        ))}
      </ul>
      <figcaption className="unseen">{course.lanes.map(laneInWords).join(" ")}</figcaption>
    </figure>
  );
}

const inWords = ({ label, from, to, outcome }: Bar): string =>
  `${label}: ${lasting(to - from)}${outcome === "none" ? "" : `, ${outcome}`}`;

const laneInWords = ({ label, bars }: Lane): string => `${label}. ${bars.map(inWords).join("; ")}.`;
