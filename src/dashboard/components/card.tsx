import { type ReactNode, useId } from "react";
import "./card.css";

type CardProps = {
  title?: ReactNode;
  actions?: ReactNode;
  /** Whether the content reaches the card's edges, as tables do. */
  flush?: boolean;
  children: ReactNode;
};

export function Card({ title, actions, flush = false, children }: CardProps) {
  const heading = useId();
  return (
    <section className={`card ${flush ? "flush" : ""}`} aria-labelledby={title ? heading : undefined}>
      {(title ?? actions) && (
        <header>
          {title && <h2 id={heading}>{title}</h2>}
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}
