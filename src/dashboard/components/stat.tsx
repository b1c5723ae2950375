import type { ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import "./stat.css";

/** Large numbers side by side; its children are `Stat`s. */
export const Stats = ({ children }: { children: ReactNode }) => <div className="stats">{children}</div>;

type StatProps = { name: string; value: ReactNode; more?: ReactNode; tone?: Tone | undefined };

export function Stat({ name, value, more, tone }: StatProps) {
  return (
    <dl className={`stat ${tone ? `tone-${tone}` : ""}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd>{more}</dd>
    </dl>
  );
}
