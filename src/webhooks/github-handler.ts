import { z } from "zod";
import { type Handler, parsePayload } from "#webhooks/handler.ts";
import type { WebhookRepository } from "#webhooks/repository.ts";
import { foreignName } from "#webhooks/source.ts";

type Dependencies = { webhooks: Pick<WebhookRepository, "countGithub"> };

const payload = z.looseObject({
  action: z.string().optional(),
  repository: z.looseObject({ full_name: foreignName }),
  commits: z.array(z.unknown()).default([]),
});

/** Type and action → the counter that it increments. */
const COUNTERS: Readonly<Record<string, string>> = {
  "issues.opened": "opened_issue_count",
  "issues.closed": "closed_issue_count",
  "release.published": "release_count",
  "star.created": "added_star_count",
  "star.deleted": "removed_star_count",
};

/** Counts events of a repository per day. Sums do not depend on order, and each webhook is counted once. */
export const githubHandler =
  ({ webhooks }: Dependencies): Handler =>
  async (webhook) => {
    const { action = "", repository, commits } = parsePayload(webhook, payload);
    const counter = COUNTERS[`${webhook.type}.${action}`];
    const counts =
      webhook.type === "push"
        ? { push_count: 1, commit_count: commits.length }
        : counter === undefined
          ? {}
          : { [counter]: 1 };
    const isNew = await webhooks.countGithub(webhook.id, repository.full_name, counts);
    return { verdict: isNew ? "applied" : "unchanged" };
  };
