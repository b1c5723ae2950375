import { type ReactNode, useEffect } from "react";
import { Icon } from "./icon.tsx";
import "./page.css";

type PageProps = {
  /** The heading, and the title of the browser's tab. */
  title: string;
  /** Shown beside the heading, for instance a badge. */
  beside?: ReactNode;
  actions?: ReactNode;
  /** A link back to the list. */
  back?: { href: string; text: string };
  children: ReactNode;
};

export function Page({ title, beside, actions, back, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Nightshift`;
  }, [title]);
  return (
    <div className="page">
      {back && (
        <p>
          <a className="back" href={back.href}>
            <Icon name="back" /> {back.text}
          </a>
        </p>
      )}
      <header>
        <div className="row">
          <h1 dir="auto">{title}</h1>
          {beside}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
