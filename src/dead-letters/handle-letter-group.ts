import type { Parts } from "#jobs/parts.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { handleLetterGroup as requested } from "./events.ts";
import type { LetterGroupRepository } from "./group-repository.ts";
import type { OnFailure } from "./on-failure.ts";

type Dependencies = {
  inngest: InngestClient;
  groups: Pick<LetterGroupRepository, "cut" | "work">;
  parts: Pick<Parts, "plan" | "work">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/**
 * Handles all open dead letters of a group. Each is handled once, even if the run dies several times, because a handled
 * letter is no longer open. A few letters are reprocessed at a time. When too many have failed again, the rest stays
 * open.
 */
export const handleLetterGroup = ({ inngest, groups, parts, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "handle-letter-group",
      triggers: [requested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfThisJob,
      onFailure,
    },
    async (run) => {
      const { groupJobId } = run.event.data;
      const plan = await parts.plan(run, "handle-letter-group", async () => ({
        parts: await groups.cut(groupJobId),
        cursor: null,
        result: { groupJobId },
      }));
      if (plan.parts === 0) return { groupJobId, handled: 0 };
      const part = { ...run, event: { data: { parentJobId: plan.jobId, part: 1 } } };
      await parts.work(part, { policy: "dataSync" }, async (claimed) => {
        const { state, waitMs } = await groups.work(claimed, groupJobId);
        return waitMs === undefined ? state : { waitMs };
      });
      return { groupJobId };
    },
  );
