import type { ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import "./stat.css";

/** Large numbers side by side. The children are `Stat`s. */
export const Stats = ({ children }: { children: ReactNode }) => <div className="stats">{children}</div>;

type StatProps = {
  name: string;
  value: ReactNode;
  more?: ReactNode;
  tone?: Tone | undefined;
  /** The address of the page that lists what the number counts. A click anywhere in the tile opens the page. */
  href?: string;
};

export function Stat({ name, value, more, tone, href }: StatProps) {
  return (
    <dl className={`stat ${tone ? `tone-${tone}` : ""}`}>
      <dt>{href === undefined ? name : <a href={href}>{name}</a>}</dt>
      <dd>{value}</dd>
      <dd>{more}</dd>
    </dl>
  );
}
