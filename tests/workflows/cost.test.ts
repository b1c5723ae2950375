import { afterEach, describe, expect, test } from "vitest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { executionsOf } from "#cost/usage.ts";
import { feedFunctions } from "#feed/functions.ts";
import { AppError } from "#lib/errors.ts";
import { monitoringFunctions } from "#monitoring/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

describe("what an execution is", () => {
  test("a run and each try of its steps count; the time of a sleep, schedules and concurrency cost nothing", async () => {
    let tries = 0;
    shop = await workshop({
      functions: ({ inngest, onFailure }) => [
        inngest.createFunction(
          { id: "walk", triggers: [{ event: "test/walk" }], retries: 3, onFailure },
          async ({ step }) => {
            await step.run("first", () => {});
            await step.sleep("rest", "1h");
            await step.run("second", () => {
              if (++tries <= 2) throw new Error("stumbled");
            });
          },
        ),
        inngest.createFunction(
          {
            id: "tick",
            retries: 0,
            concurrency: { limit: 1 },
            triggers: [{ cron: "0 * * * *" }],
            onFailure,
          },
          async ({ step }) => step.run("look", () => {}),
        ),
      ],
    });
    const [id = ""] = await shop.engine.send({ name: "test/walk" });
    expect((await shop.engine.run(id, "walk")).executions).toBe(
      // The sleep is a step, however long it takes.
      executionsOf({ events: 1, steps: 3, failedTries: 2 }),
    );
    expect(tries).toBe(3);
    await shop.engine.advance("5h");
    const ticks = shop.engine.runs("tick");
    expect(ticks.length).toBeGreaterThanOrEqual(5);
    expect(ticks.reduce((sum, { executions }) => sum + executions, 0)).toBe(
      executionsOf({ events: ticks.length, steps: 1 }),
    );
  });
});

describe("the month so far", () => {
  const campaign = async (people: number) => {
    const { body: list } = await shop.call("POST", "/api/lists", { name: "People" });
    const rows = Array.from({ length: people }, (_, n) => ({ email: `p${n}.${list.id}@example.com` }));
    await shop.call("POST", `/api/lists/${list.id}/subscribers`, rows);
    const content = { name: "n", subject: "News", text: "Hello", from: "us@example.com" };
    const { body } = await shop.call("POST", "/api/campaigns", { listId: list.id, ...content });
    await shop.call("POST", `/api/campaigns/${body.id}/send`);
    await shop.engine.waitFor(
      async () => (await shop.call("GET", `/api/campaigns/${body.id}`)).body.status === "completed",
    );
    await shop.engine.idle();
  };
  const month = async () => (await shop.call("GET", "/api/cost/month")).body;
  const hour = async () => {
    await shop.engine.advance("1h");
    await shop.app.keepHouse();
    await shop.engine.idle();
  };

  test("has the engine's executions and the provider's mails, each job once, also when the ledger has deleted it", async () => {
    shop = await workshop({
      start: new Date("2026-11-10T00:00:00Z"),
      env: { MAIL_REQUESTS_PER_SECOND: "0", CANARY_MINUTES: "60" },
      functions: (platform) => [
        ...campaignFunctions(platform),
        ...monitoringFunctions(platform),
        platform.inngest.createFunction(
          { id: "fall", triggers: [{ event: "test/fall" }], retries: 2, onFailure: platform.onFailure },
          async ({ step }) =>
            step.run("fall", () => {
              throw new AppError("invalid_request", "It fell");
            }),
        ),
      ],
    });
    await campaign(5);
    await shop.engine.send({ name: "test/fall" });
    for (let n = 0; n < 12; n++) await hour();
    const before = await month();
    const last = await shop.rows(
      "select count(*)::int as n from jobs where ended_at is null or ended_at > $1",
      [new Date(shop.engine.clock.now().getTime() - 60_000)],
    );
    // The newest job, a canary, waits for the next call.
    expect(last).toEqual([{ n: 1 }]);
    expect(before.used.executions).toBe(shop.engine.usage().executions - 1);
    expect(before.used.mails).toBe(5);
    const ofCampaign = before.byFunction.find(
      (row: { functionId: string }) => row.functionId === "send-email-campaign",
    );
    expect(ofCampaign).toEqual({
      functionId: "send-email-campaign",
      jobs: 1,
      executions: 3 + 2,
      mails: 5,
    });

    await shop.rows("delete from jobs where ended_at is not null and kind <> 'canary'");
    await Promise.all([shop.app.keepHouse(), shop.app.keepHouse()]);
    expect(await month()).toEqual(before);
  });

  test("knows posts with and without followers, and newsletters that a request sent itself, from the engine's count", async () => {
    shop = await workshop({
      start: new Date("2026-11-10T00:00:00Z"),
      env: { MAIL_REQUESTS_PER_SECOND: "0" },
      functions: (platform) => [...campaignFunctions(platform), ...feedFunctions(platform)],
    });
    const post = async () => (await shop.call("POST", "/api/posts", { content: "Hello" })).body.id;
    const [{ author }] = await shop.rows("select author from posts where id = $1", [await post()]);
    await shop.rows(
      "insert into follows select 'f' || n, $1, nextval('private.feed_sequence'), now() from generate_series(1, 2001) as n",
      [author],
    );
    await post();
    await shop.rows("insert into flags values ('async_newsletter', 'development', false, 10, '{}', now())");
    const { body: list } = await shop.call("POST", "/api/lists", { name: "People" });
    await shop.call("POST", `/api/lists/${list.id}/subscribers`, [{ email: "p1@example.com" }]);
    const content = { listId: list.id, subject: "News", text: "Hello", from: "us@example.com" };
    expect((await shop.call("POST", "/api/newsletter", content)).body.status).toBe("sent");
    await hour();
    // Without followers 2; for 2,001 of them 3, and 2 for each of two parts.
    expect((await month()).used).toEqual({ jobs: 3, executions: 2 + 3 + 2 * 2, mails: 1 });
    expect(shop.engine.usage().executions).toBe(2 + 3 + 2 * 2);
  });

  test("counts the mails of our own functions only, whatever another function returns", async () => {
    shop = await workshop({
      start: new Date("2026-11-10T00:00:00Z"),
      functions: ({ inngest, onFailure }) => [
        inngest.createFunction(
          { id: "send-parcel", triggers: [{ event: "test/parcel" }], retries: 0, onFailure },
          () => ({ sent: 1e300 }),
        ),
      ],
    });
    const [id = ""] = await shop.engine.send({ name: "test/parcel" });
    await shop.engine.run(id, "send-parcel");
    await hour();
    expect((await month()).used).toMatchObject({ jobs: 1, mails: 0 });
  });

  test("has a forecast for the whole month from its second day on, and begins anew", async () => {
    shop = await workshop({ start: new Date("2026-11-16T00:00:00Z"), functions: campaignFunctions });
    const usage = "insert into private.usage_by_day values ($1, 'send-mail', 100, 100, 20, 0, 0, 0, 90)";
    await shop.rows(usage, ["2026-11-05"]);
    const { used, forecast } = await month();
    expect(used).toEqual({ jobs: 100, executions: 320, mails: 90 });
    // Half of the month is over.
    expect(forecast.usage).toMatchObject({ executions: 640, mails: 180 });
    expect(forecast.firstLimit).toMatchObject({ provider: "Netlify" });
    await shop.engine.advance("15d");
    expect(await month()).toMatchObject({ month: "2026-12", used: { executions: 0 }, forecast: null });
  });
});

describe("S4-58: the product saves executions", () => {
  test("a thousand recipients are one event, two runs and three steps", async () => {
    shop = await workshop({ functions: campaignFunctions, env: { MAIL_REQUESTS_PER_SECOND: "0" } });
    const { body: list } = await shop.call("POST", "/api/lists", { name: "People" });
    const people = Array.from({ length: 1_000 }, (_, n) => ({ email: `p${n}@example.com` }));
    await shop.call("POST", `/api/lists/${list.id}/subscribers`, people);
    const content = { name: "n", subject: "News", text: "Hello", from: "us@example.com" };
    const { body: campaign } = await shop.call("POST", "/api/campaigns", { listId: list.id, ...content });
    await shop.call("POST", `/api/campaigns/${campaign.id}/send`);
    const isDone = async () =>
      (await shop.call("GET", `/api/campaigns/${campaign.id}`)).body.status === "completed";
    await shop.engine.waitFor(isDone);
    await shop.engine.idle();
    // One run that plans and fans out, and one run of the only part.
    expect(shop.engine.runs().length).toBe(2);
    expect(shop.engine.usage().executions).toBe(5);
    const { body: estimate } = await shop.call("GET", "/api/cost?recipients=1000");
    expect(estimate.usage).toMatchObject({ executions: 5, mails: 1_000 });
  });

  test("what cannot succeed is not tried again", async () => {
    shop = await workshop({
      functions: ({ inngest, onFailure }) => [
        inngest.createFunction(
          { id: "stop", triggers: [{ event: "test/stop" }], retries: 5, onFailure },
          async ({ step }) =>
            step.run("send", () => {
              throw new AppError("invalid_request", "This address does not exist");
            }),
        ),
      ],
    });
    const [id = ""] = await shop.engine.send({ name: "test/stop" });
    expect((await shop.engine.run(id, "stop")).executions).toBe(executionsOf({ events: 1, steps: 1 }));
  });
});
