import type { ReactNode } from "react";
import { timeOfDay } from "#dashboard/format.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Blocked } from "#dashboard/types.ts";
import type { Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Countdown, TimeAgo } from "./time.tsx";
import "./note.css";

type NoteProps = { tone: Tone; icon: IconName; children: ReactNode };

/** The most important fact about the item, shown first. */
export const Note = ({ tone, icon, children }: NoteProps) => (
  <div className={`note tone-${tone}`}>
    <Icon name={icon} size={20} />
    <div>{children}</div>
  </div>
);

/** Why the work cannot continue until a person acts, and what to do. */
export function BlockedNote({ blocked: { code, message, hint, since, deadLetter } }: { blocked: Blocked }) {
  return (
    <Note tone="bad" icon="alert">
      <strong>Blocked{message !== null && `: ${message}`}</strong>
      {code !== null && (
        <>
          {" "}
          <code>{code}</code>
        </>
      )}
      <span className="quiet small">
        {" "}
        <TimeAgo at={since} />
      </span>
      <p>
        {hint} <a href={pageOf(deadLetter)}>Open the dead letter</a>
      </p>
    </Note>
  );
}

/** "Waits until 14:05: the mail provider asked for it." */
export const WaitingNote = ({ until, why }: { until: string; why: string }) => (
  <Note tone="warn" icon="clock">
    <strong>Waits until {timeOfDay(Date.parse(until))}</strong>: {why}{" "}
    <span className="quiet">
      (<Countdown before="in " to={until} then="now" />)
    </span>
  </Note>
);
