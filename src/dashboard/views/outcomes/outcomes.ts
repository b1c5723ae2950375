/** The work that was submitted on this page, until it ends: "Queued" is shown at once, and the outcome here. */
import { fieldsOf } from "#dashboard/fields.ts";

export type Work = { id: string; status: string; error?: unknown };
export type Outcome = { tone: "good" | "bad" | "info"; text: string; href?: string };

/** When more jobs of one kind end at once, they share one message. */
const MANY = 3;

const WORDS = {
  completed: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Failed" },
  canceled: { tone: "info", word: "Canceled" },
  skipped: { tone: "info", word: "Skipped" },
} as const;
type End = keyof typeof WORDS;
const isEnd = (status: string): status is End => Object.hasOwn(WORDS, status);

type Ended = { id: string; status: End; text: string };

export function createOutcomes() {
  const labels = new Map<string, string>();
  return {
    expect: (id: string, label: string): void => void labels.set(id, label),

    /** Returns the outcomes to announce, each one only once. */
    seen(works: Iterable<Work>): Outcome[] {
      const ended: Ended[] = [];
      for (const { id, status, error } of works) {
        const label = labels.get(id);
        if (label === undefined || !isEnd(status)) continue;
        labels.delete(id);
        ended.push({ id, status, text: `${label}${status === "failed" ? reasonOf(error) : ""}` });
      }
      return Object.keys(WORDS).flatMap((status) => outcomesOf(ended.filter((one) => one.status === status)));
    },
  };
}

function outcomesOf(ended: readonly Ended[]): Outcome[] {
  const [first] = ended;
  if (first === undefined) return [];
  const { tone, word } = WORDS[first.status];
  if (ended.length >= MANY) return [{ tone, text: `${word}: ${first.text} and ${ended.length - 1} more` }];
  return ended.map(({ id, text }) => ({ tone, text: `${word}: ${text}`, href: `#/jobs/${id}` }));
}

function reasonOf(error: unknown): string {
  const message = fieldsOf(error).get("message");
  return typeof message === "string" ? ` – ${message}` : "";
}
