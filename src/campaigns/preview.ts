import { z } from "zod";
import type { CampaignApiRepository } from "#campaigns/api-repository.ts";
import { fieldsOf, type Warning, warningsOf } from "#campaigns/check-content.ts";
import { readImprint } from "#campaigns/imprint.ts";
import type { Audience, PreviewRepository } from "#campaigns/preview-repository.ts";
import { createRenderer, type WrittenContent } from "#campaigns/render-mail.ts";
import type { Env } from "#lib/env.ts";
import type { UnsubscribeLinks } from "#mail/unsubscribe-links.ts";

/** What a month would cost in which this campaign is the only work. */
export type Estimate = (recipients: number) => {
  usage: { executions: number };
  cheapestUsd: number | null;
};

export type PreviewDependencies = {
  campaigns: Pick<CampaignApiRepository, "get">;
  previews: PreviewRepository;
  links: Pick<UnsubscribeLinks, "signer">;
  env: Env;
  estimate: Estimate;
};

const written = z.object({
  to: z.string(),
  subject: z.string(),
  html: z.string().optional(),
  text: z.string(),
});
export type Sample = {
  to: string;
  subject: string;
  html: string | null;
  text: string | null;
  missing: string[];
};
export type Preview = Omit<Audience, "fields" | "content" | "samples"> & {
  warnings: Warning[];
  samples: Sample[];
  /** `seconds`: how long sending takes at the configured rate; null: no rate is configured. */
  estimate: { executions: number; seconds: number | null; cheapestUsd: number | null };
};

/** The effects of sending the campaign now: its recipients, their mails, the time and the cost. */
export const createPreview =
  ({ campaigns, previews, links, env, estimate }: PreviewDependencies) =>
  async (campaignId: string, owner: string | null): Promise<Preview> => {
    const campaign = await campaigns.get(campaignId, owner);
    const names = [...fieldsOf(campaign).keys()];
    const { fields, content, samples, ...audience } = await previews.audience(campaign, owner, names);
    const sample = createSampler({ env, links }, campaign.id, content);
    const { usage, cheapestUsd } = estimate(audience.recipients);
    const rate = mailsPerSecond(env);
    return {
      ...audience,
      warnings: warningsOf(campaign, { ...audience, fields }),
      samples: samples.map(sample),
      estimate: {
        executions: usage.executions,
        seconds: rate === 0 ? null : Math.ceil(audience.recipients / rate),
        cheapestUsd,
      },
    };
  };

/** Renders a recipient's mail with the same code that sends mails. */
export function createSampler(
  { env, links }: Pick<PreviewDependencies, "env" | "links">,
  campaignId: string,
  content: WrittenContent,
): (recipient: Audience["samples"][number]) => Sample {
  const render = createRenderer(campaignId, { ...content, imprint: readImprint(env) }, links);
  return ({ id, email, fields }) => {
    const rendered = render(id, email, fields);
    if ("missing" in rendered)
      return { to: email, subject: "", html: null, text: null, missing: rendered.missing };
    const { to, subject, html = null, text } = written.parse(JSON.parse(rendered.mail));
    return { to, subject, html, text, missing: [] };
  };
}

/** The configured rate of the first provider; 0: no rate is configured. */
const mailsPerSecond = (env: Env): number =>
  env.MAIL_PROVIDERS[0] === "smtp"
    ? env.SMTP_MAILS_PER_SECOND
    : env.MAIL_REQUESTS_PER_SECOND * env.CAMPAIGN_BATCH_SIZE;
