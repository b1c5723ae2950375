import { type ReactNode, useRef } from "react";
import { Icon } from "#dashboard/components/icon.tsx";
import { InboxLink } from "#dashboard/components/inbox-link.tsx";
import { useLiveStream } from "#dashboard/live.ts";
import { VIEWS, type View } from "#dashboard/views/index.ts";
import { Help } from "./help.tsx";
import { Logo } from "./logo.tsx";
import { OfflineNote } from "./offline-note.tsx";
import { OpenCount, useOpenCounts } from "./open-counts.tsx";
import { Palette } from "./palette.tsx";
import { Settings } from "./settings.tsx";
import { StackState } from "./stack-state.tsx";
import { useArrival } from "./use-arrival.ts";
import "./shell.css";

type ShellProps = {
  view: View;
  /** The item that the view shows, if it shows one. */
  id: string | undefined;
  children: ReactNode;
};

/** The frame around every view: navigation, current view, and the state of the services. */
export function Shell({ view, id, children }: ShellProps) {
  const content = useRef<HTMLElement>(null);
  useLiveStream();
  const counts = useOpenCounts();
  useArrival(`${view.name}/${id ?? ""}`, view.title, content);
  return (
    <div className="shell">
      <a
        className="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault(); // The fragment is the page's address
          content.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header className="side">
        <Logo />
        <nav aria-label="Pages">
          <ul>
            {VIEWS.map(({ name, title, icon, open }) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={name === view.name ? "page" : undefined}>
                  <Icon name={icon} />
                  {title}
                  {open && <OpenCount of={open} count={counts?.[open] ?? 0} />}
                </a>
              </li>
            ))}
            <InboxLink />
          </ul>
        </nav>
        <footer>
          <StackState />
          <Settings />
        </footer>
      </header>
      <main ref={content} className="content" tabIndex={-1}>
        <OfflineNote />
        {children}
      </main>
      <Help />
      <Palette />
    </div>
  );
}
