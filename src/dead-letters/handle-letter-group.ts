import { z } from "zod";
import { onlyPart } from "#jobs/only-part.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Piece } from "#jobs/parts-repository.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { handleLetterGroup as requested } from "./events.ts";
import { type LetterGroupRepository, place } from "./group-repository.ts";
import type { OnFailure } from "./on-failure.ts";
import type { CheckLetter } from "./patch.ts";

type Dependencies = {
  inngest: InngestClient;
  groups: Pick<LetterGroupRepository, "job" | "page" | "saveChecked" | "cut" | "work">;
  checkLetter: CheckLetter;
  parts: Pick<Parts, "plan" | "work">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/**
 * Handles all open dead letters of a group. Each is handled once, even if the run dies several times, because a handled
 * letter is no longer open. Only a few letters are reprocessed at a time. When too many have failed again, the rest
 * stays open. A patch is tried on all letters before the first one is reprocessed.
 */
export const handleLetterGroup = ({ inngest, groups, checkLetter, parts, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "handle-letter-group",
      triggers: [requested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("handle-letter-group"),
      onFailure,
    },
    async (run) => {
      const { groupJobId } = run.event.data;
      const part = await onlyPart(parts, run, "handle-letter-group", ({ cursor }) =>
        nextPiece({ groups, checkLetter }, groupJobId, progress.parse(cursor)),
      );
      if (part === undefined) return { groupJobId, handled: 0 };
      await parts.work(part, { policy: "dataSync" }, async (claimed) => {
        const { state, waitMs } = await groups.work(claimed, groupJobId);
        return waitMs === undefined ? state : { waitMs };
      });
      return { groupJobId };
    },
  );

/** The last letter on which the patch was tried, and how many letters the patch did not fit. */
const progress = z
  .object({ after: place.nullable(), refused: z.number() })
  .nullable()
  .transform((value) => value ?? { after: null, refused: 0 });

/** Tries the job's patch on one page of letters. After the last page, or without a patch, the plan is complete. */
async function nextPiece(
  { groups, checkLetter }: Pick<Dependencies, "groups" | "checkLetter">,
  groupJobId: string,
  { after, refused }: z.output<typeof progress>,
): Promise<Piece> {
  const { fingerprint, until, patch } = await groups.job(groupJobId);
  const letters = patch ? await groups.page(fingerprint, after, until) : [];
  const last = letters.at(-1);
  if (!last) {
    const result = patch ? { groupJobId, refused } : { groupJobId };
    return { parts: await groups.cut(groupJobId), cursor: null, result };
  }
  const checked = letters.map((letter) => ({ id: letter.id, ...checkLetter(letter, patch) }));
  await groups.saveChecked(groupJobId, checked);
  const refusedHere = checked.filter((one) => "refusal" in one).length;
  return { parts: [], cursor: { after: last.after, refused: refused + refusedHere } };
}
