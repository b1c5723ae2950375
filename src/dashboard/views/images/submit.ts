import type { Priority } from "#lib/engine/priorities.ts";

export type Submission = { prompt: string; priority: Priority };

/** The pause between two submissions, from the source documents. */
export const STAGGER_MS = 50;
export const SEVERAL = 5;

const SUGGESTIONS = [
  "A lighthouse in a storm, oil painting",
  "A fox reading the newspaper, watercolor",
  "A greenhouse on Mars at sunrise",
  "A tram in the rain, seen through a window",
  "A paper boat on a starry lake",
];

/** The prompts of one click on "Queue 5 Tasks": variations of the typed prompt, or five examples when there is none. */
export const severalPrompts = (typed: string): string[] =>
  SUGGESTIONS.map((suggestion, n) => (typed.trim() === "" ? suggestion : `${typed.trim()} (${n + 1})`));

/**
 * Starts each submission `everyMs` after the start of the previous one, without waiting for its answer, even on a busy
 * page. Resolves when all are answered. A refusal does not stop the others.
 */
export async function submitStaggered<Item, Answer>(
  items: readonly Item[],
  everyMs: number,
  submit: (item: Item) => Promise<Answer>,
): Promise<PromiseSettledResult<Answer>[]> {
  const answers: Promise<PromiseSettledResult<Answer>[]>[] = [];
  for (const [n, item] of items.entries()) {
    if (n > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    answers.push(Promise.allSettled([submit(item)]));
  }
  return (await Promise.all(answers)).flat();
}
