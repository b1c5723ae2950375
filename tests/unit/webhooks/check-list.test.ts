import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/clock.ts";
import { createLogger } from "#lib/logger.ts";
import { fastFetch } from "#lib/outside/fetch.ts";
import { createStripe } from "#lib/outside/stripe.ts";
import { checkList } from "#webhooks/gaps/check-list.ts";
import type { Position } from "#webhooks/gaps/gap-repository.ts";
import { githubLists } from "#webhooks/gaps/github-lists.ts";
import type { SentList } from "#webhooks/gaps/sent-list.ts";
import { stripeList } from "#webhooks/gaps/stripe-list.ts";
import { createGithubApi } from "#webhooks/github-api.ts";

const NOW = new Date("2026-10-01T12:20:00Z");
const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const tokens = {
  take: async () => ({ granted: true, waitMs: 0, pausedMs: 0 }),
  learn: async () => {},
};

let base = "";
/** The answers of the provider, by path. A number is a status without a body. */
let answers: Record<string, unknown> = {};
const server = createServer((request, response) => {
  const [path = ""] = (request.url ?? "").split("?");
  const answer = answers[path] ?? [];
  if (typeof answer === "number") response.statusCode = answer;
  response.end(JSON.stringify(answer));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

/** Compares the list with an empty inbox. */
async function compare(list: SentList, now = NOW, checkedUntil = new Date(NOW.getTime() - 15 * 60_000)) {
  const stored: unknown[] = [];
  const saved: Position[] = [];
  const checked = await checkList(
    {
      gaps: {
        open: async () => ({ checkedUntil, reading: undefined }),
        missing: async (_, ids) => [...ids],
        save: async (_, position) => void saved.push(position),
      },
      webhooks: {
        async receive(batch) {
          stored.push(...batch.map(({ webhook }) => webhook["externalId"]));
          return batch.map(({ webhook: { id } }) => ({
            id,
            event_name: "webhook/received",
            event_data: {},
            released_at: null,
          }));
        },
      },
      outbox: { send: async () => true },
      logger,
    },
    list,
    { now, isLate: () => false },
  );
  return { checked, stored, saved };
}

const githubList = async (payload: object): Promise<SentList> => {
  const sent = (id: number, at: string) => ({ id, guid: `guid_${id}`, event: "push", delivered_at: at });
  answers = {
    "/repos/ada/engine/hooks": [{ id: 1, config: { url: "https://site.test/api/webhooks/github" } }],
    "/repos/ada/engine/hooks/1/deliveries": [
      sent(2, "2026-10-01T12:12:00Z"),
      sent(1, "2026-10-01T12:11:00Z"),
    ],
    "/repos/ada/engine/hooks/1/deliveries/1": { request: { payload: { action: "created" } } },
    "/repos/ada/engine/hooks/1/deliveries/2": { request: { payload } },
  };
  const env = { GITHUB_TOKEN: "token", GITHUB_BASE_URL: base };
  const api = createGithubApi({ env, fetch: fastFetch, clock: systemClock });
  const asked = await githubLists({ github: api, repositories: ["ada/engine"], site: undefined });
  const [list] = asked.lists;
  if (list === undefined) throw new Error("GitHub has no list");
  return list;
};

const isChecked = [{ checkedUntil: NOW, reading: undefined }];

describe("a missing webhook", () => {
  test("of 2 MB is stored", async () => {
    const { checked, stored } = await compare(await githubList({ text: "x".repeat(2_000_000) }));
    expect(stored).toEqual(["guid_1", "guid_2"]);
    expect(checked).toMatchObject({ missing: 2, unreadable: 0 });
  });

  test.each([6, 30])("of %i MB counts as unreadable, and the others are stored", async (megabytes) => {
    const list = await githubList({ text: "x".repeat(megabytes * 1_000_000) });
    const { checked, stored, saved } = await compare(list);
    expect(stored).toEqual(["guid_1"]);
    expect(checked).toEqual({ listed: 2, missing: 1, failed: 0, unreadable: 1, isDone: true });
    expect(saved).toEqual(isChecked);
  });
});

describe("a webhook that GitHub does not give", () => {
  const path = "/repos/ada/engine/hooks/1/deliveries";
  const DAY_MS = 24 * 60 * 60_000;

  test("does not stop the others, and is asked for again by the next check", async () => {
    const list = await githubList({});
    answers[`${path}/1`] = 503;
    const { checked, stored, saved } = await compare(list);
    expect(stored).toEqual(["guid_2"]);
    expect(checked).toEqual({ listed: 2, missing: 1, failed: 1, unreadable: 0, isDone: true });
    expect(saved).toEqual([{ checkedUntil: new Date("2026-10-01T12:11:00Z"), reading: undefined }]);
  });

  test("is asked for again when it is a day old at its first failure, and is given up at its second", async () => {
    const list = await githubList({});
    answers[`${path}/1`] = 503;
    const sentAt = new Date("2026-10-01T12:11:00Z");
    const now = new Date(sentAt.getTime() + DAY_MS);
    const first = await compare(list, now);
    expect(first.checked).toEqual({ listed: 2, missing: 1, failed: 1, unreadable: 0, isDone: true });
    expect(first.saved).toEqual([{ checkedUntil: sentAt, reading: undefined }]);

    const { checked, stored, saved } = await compare(list, now, sentAt);
    expect(stored).toEqual(["guid_2"]);
    expect(checked).toEqual({ listed: 2, missing: 1, failed: 0, unreadable: 1, isDone: true });
    expect(saved).toEqual([{ checkedUntil: now, reading: undefined }]);
  });

  test("stops the list when GitHub gives none of three", async () => {
    const list = await githubList({});
    const at = "2026-10-01T12:12:00Z";
    answers = {
      [path]: [1, 2, 3, 4].map((id) => ({ id, guid: `guid_${id}`, event: "push", delivered_at: at })),
      [`${path}/4`]: { request: { payload: {} } },
      [`${path}/3`]: 503,
      [`${path}/2`]: 503,
      [`${path}/1`]: 503,
    };
    await expect(compare(list)).rejects.toMatchObject({ code: "provider_unavailable" });
  });
});

test("a page of Stripe's list may have 100 events of 20 kB", async () => {
  const created = Date.parse("2026-10-01T12:12:00Z") / 1000;
  const data = Array.from({ length: 100 }, (_, n) => ({
    id: `evt_${n}`,
    type: "payment_intent.succeeded",
    created,
    data: { object: { id: `pi_${n}`, description: "x".repeat(20_000) } },
  }));
  answers = { "/v1/events": { data, has_more: false } };
  const env = { STRIPE_BASE_URL: base, STRIPE_API_KEY: "sk_test" };
  const stripe = createStripe({ env, fetch: fastFetch, clock: systemClock, tokens });
  const { stored, saved } = await compare(stripeList(stripe));
  expect(stored).toHaveLength(100);
  expect(saved).toEqual(isChecked);
});
