import { z } from "zod";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { Env } from "#lib/env.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import type { JsonApi } from "#lib/outside/json-api.ts";
import { githubSyncDue } from "#webhooks/events.ts";
import { createGithubApi } from "#webhooks/github-api.ts";
import type { WebhookRepository } from "#webhooks/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  env: Pick<Env, "GITHUB_REPOSITORIES" | "GITHUB_TOKEN" | "GITHUB_BASE_URL">;
  fetch: Fetch;
  webhooks: Pick<WebhookRepository, "syncGithub">;
  clock: Clock;
  onFailure: OnFailure;
};

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const repositoryFacts = z.object({
  stargazers_count: count,
  forks_count: count,
  open_issues_count: count,
});

/**
 * S4-29: reads the metrics of each configured repository from GitHub, and stores them in today's row. A repository that
 * cannot be read does not stop the others; the job is then tried again, which is safe.
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
  const github = createGithubApi(deps);
  const answers = await Promise.allSettled(names.map((name) => read(github, name)));
  const metrics = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const synced = metrics.length === 0 ? 0 : await deps.webhooks.syncGithub(metrics);
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  return { synced };
}

async function read(github: JsonApi, name: string) {
  const { data } = await github.get(`/repos/${name}`, repositoryFacts);
  return {
    repository: name,
    stars: data.stargazers_count,
    forks: data.forks_count,
    openIssues: data.open_issues_count,
  };
}
