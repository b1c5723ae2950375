import { afterEach, describe, expect, test } from "vitest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { executionsOf } from "#cost/usage.ts";
import { AppError } from "#lib/errors.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

describe("S4-57: what an execution is", () => {
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
