import { z } from "zod";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { classifyFailure, providerError } from "#lib/outside/provider-answer.ts";
import { githubSyncDue } from "#webhooks/events.ts";
import type { WebhookRepository } from "#webhooks/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  env: Pick<Env, "GITHUB_REPOSITORIES" | "GITHUB_TOKEN" | "GITHUB_BASE_URL">;
  fetch: Fetch;
  webhooks: Pick<WebhookRepository, "syncGithub">;
  clock: Clock;
  onFailure: OnFailure;
};

const TIMEOUT_MS = 10_000;
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const repositoryFacts = z.object({
  stargazers_count: count,
  forks_count: count,
  open_issues_count: count,
});

/**
 * S4-29: reads what GitHub says about each configured repository, and stores it in today's row. A repository that
 * cannot be read does not hold up the others; then the job is tried again, which is safe.
 */
export const syncGithubMetrics = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "sync-github-metrics",
      triggers: [githubSyncDue],
      ...tries("dataSync"),
      onFailure: deps.onFailure,
    },
    async ({ step }) => step.run("sync", () => sync(deps)),
  );

async function sync(deps: Dependencies) {
  const { GITHUB_REPOSITORIES: names } = deps.env;
  const answers = await Promise.allSettled(names.map((name) => read(deps, name)));
  const metrics = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const synced = metrics.length === 0 ? 0 : await deps.webhooks.syncGithub(metrics);
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  return { synced };
}

async function read({ env, fetch, clock }: Dependencies, name: string) {
  const response = await fetch(`${env.GITHUB_BASE_URL.replace(/\/$/, "")}/repos/${name}`, {
    headers: {
      accept: "application/vnd.github+json",
      "user-agent": "nightshift",
      "x-github-api-version": "2022-11-28",
      ...(env.GITHUB_TOKEN === undefined ? {} : { authorization: `Bearer ${env.GITHUB_TOKEN}` }),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new AppError(classifyFailure(cause), "GitHub did not answer", { cause });
  });
  if (!response.ok) throw providerError("GitHub", response, clock.now());
  const facts = repositoryFacts.safeParse(await response.json().catch(() => undefined));
  if (!facts.success)
    throw new AppError("provider_unavailable", "GitHub's answer cannot be read", { cause: facts.error });
  return {
    repository: name,
    stars: facts.data.stargazers_count,
    forks: facts.data.forks_count,
    openIssues: facts.data.open_issues_count,
  };
}
