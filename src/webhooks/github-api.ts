import type { Clock } from "#lib/clock.ts";
import type { Env } from "#lib/env.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { createJsonApi } from "#lib/outside/json-api.ts";

type Dependencies = { env: Pick<Env, "GITHUB_TOKEN" | "GITHUB_BASE_URL">; fetch: Fetch; clock: Clock };

/** GitHub's REST API. Without a token it shows public repositories only. */
export const createGithubApi = ({ env, fetch, clock }: Dependencies) =>
  createJsonApi({
    name: "GitHub",
    baseUrl: env.GITHUB_BASE_URL,
    headers: {
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      ...(env.GITHUB_TOKEN === undefined ? {} : { authorization: `Bearer ${env.GITHUB_TOKEN}` }),
    },
    fetch,
    clock,
  });
