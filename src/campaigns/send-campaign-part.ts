import { sendCampaignPartRequested } from "#campaigns/events.ts";
import { type SendDependencies, sendPart } from "#campaigns/send-part.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = SendDependencies & {
  inngest: InngestClient;
  flow: FlowControl;
  parts: Parts;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
};

/** How many parts are worked on at once for one provider account. */
const PARTS_AT_ONCE = 10;

/** Sends one part of a campaign. One step is enough, unless the provider asks for a pause or the step's time is up. */
export const sendCampaignPart = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-campaign-part",
      triggers: [sendCampaignPartRequested],
      concurrency: deps.flow.concurrency(PARTS_AT_ONCE, "event.data.account"),
      ...tries("email"),
      cancelOn: cancelOfParentJob("send-campaign-part"),
      onFailure: deps.onFailure,
    },
    (run) =>
      deps.parts.work(run, { policy: "email" }, async (part, time) => {
        // A restored copy of the database may hold parts that production will send. In the copy they become dead
        // letters.
        const mail = await deps.mailMode();
        if (mail.mode === "hold") throw new AppError("environment_fenced", mail.reason);
        return sendPart(deps, part, time);
      }),
  );
