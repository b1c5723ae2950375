/**
 * Cloud mode: calls are signed, and so are the app's answers; the engine's API requires the key. A real server
 * (`inngest start`) needs INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY.
 */
import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { startApp } from "./support/app.ts";
import { startProcess } from "./support/processes.ts";

const real = process.env["INNGEST_DEV"];
const signingKey = process.env["INNGEST_SIGNING_KEY"] ?? `signkey-test-${randomBytes(16).toString("hex")}`;
const eventKey = process.env["INNGEST_EVENT_KEY"] ?? randomBytes(8).toString("hex");
const isTold = process.env["INNGEST_SIGNING_KEY"] !== undefined;

describe.runIf(real === undefined || isTold)("signed cloud mode", async () => {
  const flags = [
    "--port",
    "0",
    "--retry-interval",
    "1",
    "--signing-key",
    signingKey,
    "--event-key",
    eventKey,
  ];
  const engine = real === undefined ? await startProcess("engine", flags) : undefined;
  const url = real ?? engine?.url ?? "";
  afterAll(() => engine?.kill("SIGTERM"));
  const client = { isDev: false, signingKey, eventKey };

  test("a run with steps, checkpoints and a sleep works with signed calls", async () => {
    let unsigned = 0;
    const app = await startApp(
      url,
      ({ inngest, on }) => [
        inngest.createFunction({ id: "signed", retries: 0, triggers: [on("go")] }, async ({ step }) => {
          const one = await step.run("one", () => 1);
          await step.sleep("nap", "1s");
          return one + (await step.run("two", () => 1));
        }),
      ],
      {
        client,
        intercept: ({ method, headers }) => {
          if (method === "POST" && headers.get("x-inngest-signature") === null) unsigned++;
          return undefined;
        },
      },
    );
    const { ids } = await app.inngest.send({ name: app.name("go"), data: {} });
    expect((await app.outcome(ids[0] ?? "")).result).toBe(2);
    expect(unsigned).toBe(0);
    await app.close();
  });

  test("the app refuses an unsigned call and runs nothing", async () => {
    let ran = false;
    const app = await startApp(
      url,
      ({ inngest, on }) => [
        inngest.createFunction({ id: "guarded", retries: 0, triggers: [on("go")] }, () => {
          ran = true;
        }),
      ],
      { client },
    );
    const call = { event: { name: "x", data: {} }, events: [], steps: {}, ctx: { run_id: "x", attempt: 0 } };
    const answer = await fetch(`${app.url}?fnId=${app.id}-guarded&stepId=step`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(call),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(ran).toBe(false);
    await app.close();
  });

  test("an app with another signing key cannot register, and an event with another event key is refused", async () => {
    const stranger = { ...client, signingKey: `signkey-test-${randomBytes(16).toString("hex")}` };
    await expect(startApp(url, () => [], { client: stranger })).rejects.toThrow(/refused/);
    const answer = await fetch(`${url}/e/another-key`, {
      method: "POST",
      body: JSON.stringify({ name: "x", data: {} }),
    });
    expect(answer.status).toBe(401);
  });

  test("the read API needs the key", async () => {
    expect((await fetch(`${url}/v1/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV`)).status).toBe(401);
  });
});
