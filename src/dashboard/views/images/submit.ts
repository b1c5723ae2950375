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
 * Begins one submission every `everyMs`, whether or not the one before has been answered, and answers when all are.
 * A refusal ends none of the others.
 */
export async function submitStaggered<Item, Answer>(
  items: readonly Item[],
  everyMs: number,
  submit: (item: Item) => Promise<Answer>,
): Promise<PromiseSettledResult<Answer>[]> {
  const answers = items.map(async (item, n) => {
    if (n > 0) await new Promise((resolve) => setTimeout(resolve, n * everyMs));
    return submit(item);
  });
  return Promise.allSettled(answers);
}
