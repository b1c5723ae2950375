import { Badge } from "#dashboard/components/badge.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import type { Letter } from "#dashboard/types.ts";
import { LetterActions } from "#dashboard/views/dead-letters/actions.tsx";
import { Aftermath } from "#dashboard/views/dead-letters/aftermath.tsx";

type CardProps = {
  letter: Letter;
  isSelected: boolean;
  onSelect: (isRange: boolean) => void;
  onChange: () => void;
};

export function LetterCard({ letter, isSelected, onSelect, onChange }: CardProps) {
  return (
    <article className="card letter" aria-label={letter.function}>
      <header>
        <div className="row">
          {letter.status === "failed" && (
            <input
              type="checkbox"
              className="select-letter"
              aria-label={`Select: ${letter.function}`}
              checked={isSelected}
              // A change event does not tell whether Shift is pressed, so the click event toggles.
              onClick={(event) => onSelect(event.shiftKey)}
              onChange={() => {}}
            />
          )}
          <h2>
            <a href={`#/dead-letters/${letter.id}`}>{letter.function}</a>
          </h2>
          <Badge status={letter.status} />
          {letter.error.code !== null && <code>{letter.error.code}</code>}
        </div>
        <span className="quiet small">
          <TimeAgo at={letter.failedAt} /> · {attempts(letter.attempts)}
        </span>
      </header>
      <p className="clamp" dir="auto">
        {letter.error.message ?? "No message"}
      </p>
      <p className="cut quiet small">
        <code>{letter.event.name}</code> <code>{JSON.stringify(letter.event.data).slice(0, 300)}</code>
      </p>
      <footer className="row apart">
        <Aftermath letter={letter} />
        <LetterActions letter={letter} onChange={onChange} />
      </footer>
    </article>
  );
}

export const attempts = (count: number): string => (count === 1 ? "1 attempt" : `${count} attempts`);
