import { Badge } from "#dashboard/components/badge.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import type { Letter } from "#dashboard/types.ts";
import { LetterActions } from "#dashboard/views/dead-letters/actions.tsx";
import { Aftermath } from "#dashboard/views/dead-letters/aftermath.tsx";

type RowProps = {
  letter: Letter;
  isSelected: boolean;
  onSelect: (isRange: boolean) => void;
  onChange: () => void;
};

/** A dead letter in one line. Its page shows the details. */
export function LetterRow({ letter, isSelected, onSelect, onChange }: RowProps) {
  const isOpen = letter.status === "failed";
  return (
    <article className="letter" aria-label={letter.function}>
      {isOpen ? (
        <input
          type="checkbox"
          className="select-letter"
          aria-label={`Select: ${letter.function}`}
          checked={isSelected}
          // A change event does not tell whether Shift is pressed, so the click event selects.
          onClick={(event) => onSelect(event.shiftKey)}
          onChange={() => {}}
        />
      ) : (
        <Badge status={letter.status} />
      )}
      <a className="cut" href={`#/dead-letters/${letter.id}`}>
        {letter.function}
      </a>
      <span className="cut letter-why">
        {letter.error.code !== null && <code>{letter.error.code}</code>}{" "}
        <bdi>{letter.error.message ?? "No message"}</bdi>
      </span>
      <span className="quiet small letter-when">
        <TimeAgo at={letter.failedAt} /> · {attempts(letter.attempts)}
      </span>
      {isOpen ? <LetterActions letter={letter} onChange={onChange} /> : <Aftermath letter={letter} />}
    </article>
  );
}

export const attempts = (count: number): string => (count === 1 ? "1 attempt" : `${count} attempts`);
