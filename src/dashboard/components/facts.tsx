import type { ReactNode } from "react";
import "./facts.css";

export type Fact = { name: string; value: ReactNode; more?: ReactNode };

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(({ name, value }) => [<dt key={name}>{name}</dt>, <dd key={`${name}:`}>{value}</dd>])}
    </dl>
  );
}

/** The most important numbers, side by side. */
export function Numbers({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="numbers-strip">
      {facts.map(({ name, value, more }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
