import { createHash, randomUUID } from "node:crypto";
import { createSampler, type PreviewDependencies } from "#campaigns/preview.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import { AppError } from "#lib/errors.ts";
import { ownerOf, type Requester } from "#lib/http/route.ts";
import type { WrittenMail } from "#mail/compose.ts";

type Dependencies = Pick<PreviewDependencies, "campaigns" | "previews" | "links" | "env"> & {
  tokens: Pick<Tokens, "take">;
};
export type SendTest = ReturnType<typeof createSendTest>;

/**
 * Ten tests at once, then two a minute, for each owner. The address is not checked, so this rate prevents the use of
 * tests to mail a whole list.
 */
const RATE = { capacity: 10, refillPerSecond: 1 / 30, take: 1 };
/** No subscriber has this id, so the unsubscribe link in a test unsubscribes no recipient. */
const NO_SUBSCRIBER = 0;

/** Sends the mail of the first recipient to `to`, as a single mail. Returns the id of the mail's job. */
export const createSendTest =
  ({ campaigns, previews, links, env, tokens }: Dependencies) =>
  async (campaignId: string, requester: Requester, to: string, key: string = randomUUID()) => {
    const owner = ownerOf(requester);
    const campaign = await campaigns.get(campaignId, owner);
    const { granted, waitMs } = await tokens.take([{ key: `campaign-test:${requester.owner}`, ...RATE }]);
    if (!granted) {
      throw new AppError("too_many_requests", "Too many test mails", { retryAfterMs: Math.max(1, waitMs) });
    }
    const { content, samples } = await previews.audience(campaign, owner, []);
    const render = createSampler({ env, links }, campaignId, { ...content, missingField: "empty" });
    const { subject, html, text } = render({
      id: NO_SUBSCRIBER,
      email: to,
      fields: samples[0]?.fields ?? {},
    });
    const digest = createHash("sha256")
      .update(JSON.stringify([to, key]))
      .digest("hex");
    return previews.sendTest({
      key: `campaign-test:${campaignId}:${digest}`,
      to,
      owner: requester.owner,
      fields: {
        from: campaign.from,
        replyTo: campaign.replyTo,
        subject: `[Test] ${subject}`,
        html,
        text: text ?? "",
      } satisfies WrittenMail,
    });
  };
