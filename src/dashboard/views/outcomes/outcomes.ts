/** The work that was submitted on this page, until it ends. "Queued" is shown at once, and the outcome at the end. */
import { fieldsOf } from "#dashboard/fields.ts";

export type Work = { id: string; status: string; error?: unknown };
export type Outcome = { tone: "good" | "bad" | "info"; text: string; href?: string };

/** When this many jobs of one kind end at once, they share one message. */
const MANY = 3;

const WORDS = {
  completed: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Failed" },
  canceled: { tone: "info", word: "Canceled" },
  skipped: { tone: "info", word: "Skipped" },
} as const;
type End = keyof typeof WORDS;
const isEnd = (status: string): status is End => Object.hasOwn(WORDS, status);

type Ended = { status: End; text: string; href: string };

export function createOutcomes() {
  const labels = new Map<string, { label: string; href: string }>();
  return {
    /** `href` is the link of the message; by default the page of the job. */
    expect: (id: string, label: string, href = `#/jobs/${id}`): void => void labels.set(id, { label, href }),

    /** Returns the outcomes to announce. Each outcome is returned only once. */
    seen(works: Iterable<Work>): Outcome[] {
      const ended: Ended[] = [];
      for (const { id, status, error } of works) {
        const expected = labels.get(id);
        if (expected === undefined || !isEnd(status)) continue;
        labels.delete(id);
        const { label, href } = expected;
        ended.push({ status, href, text: `${label}${status === "failed" ? reasonOf(error) : ""}` });
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
  return ended.map(({ text, href }) => ({ tone, text: `${word}: ${text}`, href }));
}

function reasonOf(error: unknown): string {
  const message = fieldsOf(error).get("message");
  return typeof message === "string" ? ` – ${message}` : "";
}
