import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createEngineApi } from "#lib/engine/engine-api.ts";
import { createLogger } from "#lib/logger.ts";
import { createSentry } from "#lib/outside/sentry.ts";
import { createSlack, type SlackMessage } from "#lib/outside/slack.ts";
import { sentryServer } from "../../../support/sentry.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const answering = (answer: () => Response | Promise<Response>) => {
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return answer();
  };
  return { requests, fetch };
};

describe("Slack", () => {
  const message: SlackMessage = {
    channel: "#alerts",
    text: "It broke",
    severity: "error",
    details: { runId: "r1", code: null },
  };

  test("S4-78: the webhook gets channel, text and details", async () => {
    const { requests, fetch } = answering(() => new Response("ok"));
    await expect(createSlack("https://hooks.slack.com/x", fetch).send(message)).resolves.toBe("sent");
    expect(await requests[0]?.json()).toMatchObject({
      channel: "#alerts",
      text: "It broke",
      attachments: [
        {
          color: "danger",
          fields: [
            { title: "runId", value: "r1" },
            { title: "code", value: "–" },
          ],
        },
      ],
    });
  });

  test("without a webhook address nothing is sent, and the result says so", async () => {
    const { requests, fetch } = answering(() => new Response("ok"));
    await expect(createSlack(undefined, fetch).send(message)).resolves.toBe("off");
    expect(requests).toEqual([]);
  });

  test.each([
    [429, "provider_rate_limited"],
    [404, "provider_rejected"],
    [500, "provider_unavailable"],
  ])("a %i of Slack is %s", async (status, code) => {
    const { fetch } = answering(() => new Response("no", { status }));
    await expect(createSlack("https://hooks.slack.com/x", fetch).send(message)).rejects.toMatchObject({
      code,
    });
  });
});

describe("the engine's API", () => {
  const env = {
    INNGEST_DEV: "http://engine.local",
    INNGEST_BASE_URL: undefined,
    INNGEST_SIGNING_KEY: undefined,
    INNGEST_EVENT_KEY: undefined,
  };

  test("a run is requested by its id", async () => {
    const { requests, fetch } = answering(() =>
      Response.json({ data: { status: "Completed", output: { n: 1 } } }),
    );
    await expect(createEngineApi(env, fetch).run("01RUN")).resolves.toEqual({
      status: "Completed",
      output: { n: 1 },
    });
    expect(requests[0]?.url).toBe("http://engine.local/v1/runs/01RUN");
  });

  test("the signing key is sent hashed, as Inngest requires", async () => {
    const { requests, fetch } = answering(() => Response.json({ data: { status: "Running" } }));
    await createEngineApi(
      { ...env, INNGEST_DEV: undefined, INNGEST_SIGNING_KEY: "signkey-prod-00ff" },
      fetch,
    ).run("01RUN");
    const hashed = createHash("sha256").update("00ff", "hex").digest("hex");
    expect(requests[0]?.headers.get("authorization")).toBe(`Bearer signkey-prod-${hashed}`);
    expect(requests[0]?.url).toMatch(/^https:\/\/api\.inngest\.com\//);
  });

  test("the steps of a run come from its trace; spans without a step are left out", async () => {
    const span = { status: "COMPLETED", startedAt: "2026-11-01T12:00:00Z", endedAt: "2026-11-01T12:00:01Z" };
    const failed = { ...span, status: "FAILED", output: { error: { name: "Error", message: "no tape" } } };
    const pack = { ...span, name: "pack", stepId: "pack", stepOp: "RUN", output: { data: { n: 1 } } };
    const rootSpan = {
      children: [
        { ...span, name: "discovery" },
        { ...pack, children: [failed, span] },
      ],
    };
    const { requests, fetch } = answering(() => Response.json({ data: { rootSpan } }));
    const cloud = createEngineApi({ ...env, INNGEST_DEV: undefined, INNGEST_SIGNING_KEY: "00ff" }, fetch);
    const { startedAt, endedAt } = span;
    await expect(cloud.steps("01RUN")).resolves.toEqual([
      {
        name: "pack",
        operation: "RUN",
        status: "COMPLETED",
        startedAt,
        endedAt,
        output: { n: 1 },
        attempts: [
          { startedAt, endedAt, error: "no tape" },
          { startedAt, endedAt, error: null },
        ],
      },
    ]);
    expect(requests[0]?.url).toBe("https://api.inngest.com/v2/runs/01RUN/trace?includeOutput=true");
    const without = answering(() => new Response("", { status: 501 })).fetch;
    await expect(createEngineApi(env, without).steps("x")).resolves.toBeNull();
  });

  test.each([
    ["no JSON", () => new Response("<html>")],
    ["another shape", () => Response.json({ data: { rootSpan: null } })],
    ["no body", () => new Response(null)],
  ])("an answer that cannot be read (%s) is the engine's trouble, not ours", async (_, answer) => {
    const { steps, run } = createEngineApi(env, answering(answer).fetch);
    await expect(steps("x")).rejects.toMatchObject({ code: "engine_unavailable" });
    await expect(run("x")).rejects.toMatchObject({ code: "engine_unavailable" });
  });

  test("an answer of more than 8 MB is not read to its end", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array((sent += 1_000_000) && 1_000_000)),
    });
    const { steps } = createEngineApi(env, answering(() => new Response(endless)).fetch);
    await expect(steps("x")).rejects.toMatchObject({ code: "provider_answer_too_large" });
    expect(sent).toBeLessThan(12_000_000);
  });

  test("an unknown run is null, and a 502 is an error", async () => {
    await expect(
      createEngineApi(env, answering(() => new Response("", { status: 404 })).fetch).run("x"),
    ).resolves.toBeNull();
    await expect(
      createEngineApi(env, answering(() => new Response("", { status: 502 })).fetch).run("x"),
    ).rejects.toMatchObject({
      code: "engine_unavailable",
    });
  });
});

describe("the check of the engine", () => {
  const env = {
    INNGEST_DEV: undefined,
    INNGEST_BASE_URL: undefined,
    INNGEST_SIGNING_KEY: "signkey-prod-00ff",
    INNGEST_EVENT_KEY: "event-key",
  };
  const refuses = "The engine refuses our signing key";
  const silent = "The engine does not answer";
  test.each([
    [200, null, true],
    [404, null, true],
    [401, refuses, true],
    [403, refuses, true],
    [500, silent, false],
    [503, silent, false],
  ])("a %i is reported as: %s", async (status, problem, isReachable) => {
    const engine = createEngineApi(env, answering(() => new Response("", { status })).fetch);
    await expect(engine.problem()).resolves.toBe(problem);
    await expect(engine.isReachable()).resolves.toBe(isReachable);
  });

  test("no answer is reported", async () => {
    const engine = createEngineApi(env, () => Promise.reject(new TypeError("fetch failed")));
    await expect(engine.problem()).resolves.toBe(silent);
    await expect(engine.isReachable()).resolves.toBe(false);
  });
});

describe("Sentry", () => {
  let sentry: Awaited<ReturnType<typeof sentryServer>>;
  beforeAll(async () => {
    sentry = await sentryServer();
  });
  afterAll(() => sentry.close());
  const report = {
    message: "no lorry for [address]",
    stack: "Error: no lorry for ada@example.com\n    at ship (a.ts:1:1)",
    tags: { runId: "r1" },
  };

  test("a report has its tags, environment and release, and the masked message only", async () => {
    const reporter = createSentry(
      { SENTRY_DSN: sentry.dsn, SENTRY_TRACES: 1, NIGHTSHIFT_ENV: "preview", RELEASE: "v1" },
      logger,
    );
    await reporter.report(report);
    const told = sentry.envelopes.join("\n");
    expect(told).toContain('"environment":"preview"');
    expect(told).toContain('"release":"v1"');
    expect(told).toContain('"runId":"r1"');
    expect(told).toContain("no lorry for [address]");
    expect(told).not.toContain("ada@");
  });

  test("without a DSN nothing is sent", async () => {
    const reporter = createSentry(
      { SENTRY_DSN: undefined, SENTRY_TRACES: 1, NIGHTSHIFT_ENV: "preview", RELEASE: undefined },
      logger,
    );
    await expect(reporter.report(report)).resolves.toBeUndefined();
  });

  test("a wrong DSN does not make the report fail", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
    const reporter = createSentry(
      { SENTRY_DSN: "http://127.0.0.1:1/", SENTRY_TRACES: 1, NIGHTSHIFT_ENV: "preview", RELEASE: undefined },
      logger,
    );
    await expect(reporter.report(report)).resolves.toBeUndefined();
    expect(complaint).toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
