import { z } from "zod";
import type { LetterGroupRepository, Place } from "./group-repository.ts";
import type { CheckLetter, JsonPatch } from "./patch.ts";

/** In a larger group, only the oldest letters are checked. */
const MAX_LETTERS = 5000;
/** No page is read after this time, because the route must answer within eight seconds. */
const MAX_MS = 5000;
const MAX_REFUSALS = 5;

export const dryRunView = z.object({
  checked: z.number(),
  passed: z.number(),
  refused: z.number(),
  /** False when the group is too large to be checked completely. */
  isComplete: z.boolean(),
  /** The first letters that cannot be reprocessed. */
  refusals: z.array(z.object({ id: z.uuid(), reason: z.string() })),
});
z.globalRegistry.add(dryRunView, { id: "DeadLetterDryRun" });

type Dependencies = { groups: Pick<LetterGroupRepository, "page">; checkLetter: CheckLetter };

/** Checks each open letter in the same way as the job that would reprocess it. It writes nothing. */
export async function dryRun(
  { groups, checkLetter }: Dependencies,
  fingerprint: string,
  patch: JsonPatch | null,
): Promise<z.output<typeof dryRunView>> {
  const startedMs = performance.now();
  const refusals: { id: string; reason: string }[] = [];
  let checked = 0;
  let refused = 0;
  let after: Place | null = null;
  while (checked <= MAX_LETTERS && performance.now() - startedMs < MAX_MS) {
    const letters = await groups.page(fingerprint, after);
    for (const letter of letters) {
      const answer = checkLetter(letter, patch);
      if ("data" in answer) continue;
      refused += 1;
      if (refusals.length < MAX_REFUSALS) refusals.push({ id: letter.id, reason: answer.refusal });
    }
    checked += letters.length;
    after = letters.at(-1)?.after ?? null;
    if (after === null) break;
  }
  return { checked, passed: checked - refused, refused, isComplete: after === null, refusals };
}
