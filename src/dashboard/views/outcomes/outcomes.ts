/** What somebody submitted on this page, until it ends: "Queued" is said at once, this says the rest. */

/** A job or an image task: both say how they ended in the same words. */
export type Work = { id: string; status: string; error?: unknown };
export type Outcome = { tone: "good" | "bad" | "info"; text: string; href?: string };

/** More ends of one kind at once are one sentence. */
const MANY = 3;
/** Work that no stream told of for that long is asked for. */
const QUIET_MS = 4000;

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
  const awaited = new Map<string, { label: string; seenAt: number }>();
  return {
    isEmpty: () => awaited.size === 0,
    expect: (id: string, label: string, now: number): void => void awaited.set(id, { label, seenAt: now }),
    forget: (id: string): void => void awaited.delete(id),
    /** The ids of work that nothing was heard of lately. */
    quiet: (now: number): string[] =>
      [...awaited].filter(([, { seenAt }]) => now - seenAt >= QUIET_MS).map(([id]) => id),

    /** What is to be said about what was just seen: each end once. */
    seen(works: Iterable<Work>, now: number): Outcome[] {
      const ended: Ended[] = [];
      for (const { id, status, error } of works) {
        const known = awaited.get(id);
        if (known === undefined) continue;
        if (isEnd(status)) {
          awaited.delete(id);
          ended.push({ id, status, text: `${known.label}${status === "failed" ? reasonOf(error) : ""}` });
        } else known.seenAt = now;
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

const reasonOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
    ? ` – ${error.message}`
    : "";
