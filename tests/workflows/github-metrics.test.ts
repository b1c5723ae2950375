import { afterEach, expect, test } from "vitest";
import { webhookFunctions } from "#webhooks/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

/** GitHub's stand-in: the stars of each repository, or the status that it answers. */
let github: Record<string, number | { status: number }>;
let asked: string[];
async function open(env: Record<string, string> = {}) {
  asked = [];
  github = { "ada/engine": 7, "bob/loom": 3 };
  shop = await workshop({
    env: {
      PLAN: "pro",
      GITHUB_REPOSITORIES: "ada/engine, bob/loom",
      GITHUB_TOKEN: "github_token",
      GITHUB_BASE_URL: "http://github.local",
      ...env,
    },
    hosts: {
      async "github.local"(request) {
        const name = new URL(request.url).pathname.replace("/repos/", "");
        asked.push(`${name} ${request.headers.get("authorization")}`);
        const known = github[name] ?? { status: 404 };
        if (typeof known === "object") return new Response("{}", { status: known.status });
        return Response.json({
          stargazers_count: known,
          forks_count: 2,
          open_issues_count: 1,
          more: "ignored",
        });
      },
    },
    functions: webhookFunctions,
  });
  await shop.app.keepHouse();
}
/** Moves the clock to the next slot, when housekeeping finds it, and lets the job end. */
async function next() {
  const { body } = await shop.call("GET", "/api/schedules/sync-github-metrics");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime()}ms`);
  await shop.app.keepHouse();
  await shop.engine.idle();
  return Date.parse(body.next.at);
}
const rows = () =>
  shop.rows(
    "select repository, sum(star_count)::int as stars, count(*)::int as days from github_metrics group by 1 order by 1",
  );

test("S4-29: every 15 minutes the metrics of each repository are read and upserted, one row a day", async () => {
  await open();
  const first = await next();
  expect(asked.toSorted()).toEqual(["ada/engine Bearer github_token", "bob/loom Bearer github_token"]);
  expect((await rows()).map(({ repository, stars }) => `${repository} ${stars}`)).toEqual([
    "ada/engine 7",
    "bob/loom 3",
  ]);
  github["ada/engine"] = 8;
  expect((await next()) - first).toBe(15 * 60_000);
  const newest = await shop.rows(
    "select distinct on (repository) repository, star_count::int, fork_count::int, open_issue_count::int from github_metrics order by repository, synced_at desc",
  );
  expect(newest).toEqual([
    { repository: "ada/engine", star_count: 8, fork_count: 2, open_issue_count: 1 },
    { repository: "bob/loom", star_count: 3, fork_count: 2, open_issue_count: 1 },
  ]);
  expect((await rows()).every(({ days }) => days <= 2)).toBe(true);
});

test("S4-29: a repository that fails is tried again, and does not hold up the others", async () => {
  await open();
  github["bob/loom"] = { status: 503 };
  await next();
  expect(await rows()).toMatchObject([{ repository: "ada/engine", stars: 7 }]);
  github["bob/loom"] = 4;
  const isDone = async () => (await shop.rows("select from jobs where status = 'completed'")).length === 1;
  await shop.engine.waitFor(isDone, { within: "2h" });
  expect(await rows()).toMatchObject([{ repository: "ada/engine" }, { repository: "bob/loom", stars: 4 }]);
});

test("without repositories there is no schedule, and on the free plan it comes every three hours", async () => {
  await open({ GITHUB_REPOSITORIES: "" });
  expect((await shop.call("GET", "/api/schedules/sync-github-metrics")).status).toBe(404);
  await shop.close();
  await open({ PLAN: "free" });
  expect((await shop.call("GET", "/api/schedules/sync-github-metrics")).body.cron).toBe("0 */3 * * *");
});
