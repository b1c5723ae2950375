import type { Priority } from "#lib/engine/priorities.ts";

export type Submission = { prompt: string; priority: Priority };

/** The documents' pause between two submissions. */
export const STAGGER_MS = 50;
export const SEVERAL = 5;

const SUGGESTIONS = [
  "A lighthouse in a storm, oil painting",
  "A fox reading the newspaper, watercolor",
  "A greenhouse on Mars at sunrise",
  "A tram in the rain, seen through a window",
  "A paper boat on a starry lake",
];

/** The prompts of one click on "Queue 5 Tasks": variations of what was typed, else five of ours. */
export const severalPrompts = (typed: string): string[] =>
  SUGGESTIONS.map((suggestion, n) => (typed.trim() === "" ? suggestion : `${typed.trim()} (${n + 1})`));

/**
 * Begins each submission `everyMs` after the one before has begun, also on a page that is busy, whether or not that
 * one has been answered; answers when all are. A refusal ends none of the others.
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
