import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { webhookFunctions } from "#webhooks/functions.ts";
import { githubHeaders } from "../support/sign.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const GITHUB = "github_secret";
let shop: Workshop;
afterEach(() => shop.close());
const open = async () => {
  shop = await workshop({ env: { GITHUB_WEBHOOK_SECRET: GITHUB }, functions: webhookFunctions });
};

async function post(source: string, body: string, headers: Record<string, string>) {
  const url = `http://site.local/api/webhooks/${source}`;
  const response = await shop.app.doors.api(new Request(url, { method: "POST", body, headers }));
  expect(response.status).toBe(200);
}
const fromGithub = async (type: string, payload: object) => {
  const body = JSON.stringify({ ...payload, nonce: randomUUID(), repository: { full_name: "ada/engine" } });
  await post("github", body, githubHeaders(body, GITHUB, type));
};
const isHandled = async () => (await shop.rows("select from jobs where status <> 'completed'")).length === 0;
const handled = () => shop.engine.waitFor(isHandled, { within: "1d" });

test("S3-2, S4-12: GitHub's pushes, issues, releases and stars are counted per repository, each webhook once", async () => {
  await open();
  await fromGithub("push", { commits: [{}, {}, {}] });
  await fromGithub("push", { commits: [{}] });
  await fromGithub("issues", { action: "opened" });
  await fromGithub("issues", { action: "closed" });
  await fromGithub("issues", { action: "labeled" });
  await fromGithub("release", { action: "published" });
  await fromGithub("star", { action: "created" });
  await handled();
  // A process that dies after the statement repeats it: it marks the webhook as handled, so it counts once.
  const again =
    "select count_github_webhook(id, 'ada/engine', '{\"push_count\": 1}', now()) as counted from webhook_inbox";
  for (const { counted } of await shop.rows(again)) expect(counted).toBe(false);
  expect(
    await shop.rows(
      "select repository, push_count::int, commit_count::int, opened_issue_count::int, closed_issue_count::int, release_count::int, added_star_count::int, removed_star_count::int from github_metrics",
    ),
  ).toEqual([
    {
      repository: "ada/engine",
      push_count: 2,
      commit_count: 4,
      opened_issue_count: 1,
      closed_issue_count: 1,
      release_count: 1,
      added_star_count: 1,
      removed_star_count: 0,
    },
  ]);
  expect(await shop.rows("select from webhook_inbox where verdict <> 'applied'")).toEqual([]);
  // The door has published each, and the consumer has processed and acknowledged it: the job and its run have ended.
  expect(
    await shop.rows(
      "select jobs.status, job_runs.status as run, count(*)::int from jobs join job_runs on job_id = id group by 1, 2",
    ),
  ).toEqual([{ status: "completed", run: "completed", count: 7 }]);
});

test("a webhook that arrives while the engine is down is acknowledged, and housekeeping sends its job", async () => {
  await open();
  shop.down.engine = true;
  await fromGithub("star", { action: "created" });
  expect(await shop.rows("select sent_at from jobs")).toEqual([{ sent_at: null }]);
  shop.down.engine = false;
  await shop.engine.advance("2m");
  await shop.app.keepHouse();
  await handled();
  expect(await shop.rows("select added_star_count::int as n from github_metrics")).toEqual([{ n: 1 }]);
});

test("a webhook without the data that its handler needs becomes a dead letter", async () => {
  await open();
  const body = JSON.stringify({ action: "created", nonce: randomUUID() });
  await post("github", body, githubHeaders(body, GITHUB, "star"));
  await shop.engine.waitFor(async () => (await shop.rows("select from dead_letter_queue")).length === 1, {
    within: "1d",
  });
  const [letter] = await shop.rows("select function_id, error_code from dead_letter_queue");
  expect(letter).toMatchObject({ function_id: "process-webhook", error_code: "invalid_request" });
});
