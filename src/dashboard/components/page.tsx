import { type ReactNode, useEffect } from "react";
import "./page.css";

type PageProps = {
  /** Heading, and name of the browser's tab. */
  title: string;
  /** What stands beside the heading: a badge, a way back. */
  beside?: ReactNode;
  actions?: ReactNode;
  /** The way back. */
  above?: ReactNode;
  children: ReactNode;
};

export function Page({ title, beside, actions, above, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Nightshift`;
  }, [title]);
  return (
    <div className="page">
      {above && <p>{above}</p>}
      <header>
        <div className="row">
          <h1>{title}</h1>
          {beside}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
