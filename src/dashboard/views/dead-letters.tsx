import { LetterDetails } from "#dashboard/views/dead-letters/details.tsx";
import { LetterList } from "#dashboard/views/dead-letters/list.tsx";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./dead-letters.css";

/** Work that failed for good, with the two actions of an administrator. */
export function DeadLetters({ id, query }: ViewProps) {
  return id === undefined ? <LetterList query={query} /> : <LetterDetails id={id} />;
}
