import { describe, expect, test } from "vitest";
import { createInngest, devUrl, functionIdOf } from "#lib/engine/inngest.ts";
import { createLogger } from "#lib/logger.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const env = {
  INNGEST_DEV: undefined,
  INNGEST_BASE_URL: undefined,
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: "signkey-prod-00",
  CHECKPOINTING: true,
};
/** The address to which a client sends its events. */
async function target(settings: Partial<Record<keyof typeof env, string>>): Promise<string> {
  let url = "";
  const fetch: typeof globalThis.fetch = async (input) => {
    url = new Request(input).url;
    return Response.json({ ids: ["01"], status: 200 });
  };
  await createInngest({ env: { ...env, ...settings, CHECKPOINTING: true }, fetch, logger }).send({
    name: "x",
    data: {},
  });
  return url;
}

test("S4-20: the client's id is nightshift, and is removed from the ids of its functions", () => {
  expect(createInngest({ env, fetch: globalThis.fetch, logger }).id).toBe("nightshift");
  expect(functionIdOf("nightshift-send-email-campaign")).toBe("send-email-campaign");
  expect(functionIdOf("other-app-work")).toBe("other-app-work");
});

describe("events go to", () => {
  test("Inngest's cloud by default", async () => {
    expect(await target({})).toBe("https://inn.gs/e/event-key");
  });

  test("the development engine that INNGEST_DEV names", async () => {
    expect(await target({ INNGEST_DEV: "http://127.0.0.1:9999" })).toMatch(
      /^http:\/\/127\.0\.0\.1:9999\/e\//,
    );
    expect(await target({ INNGEST_DEV: "1" })).toMatch(/^http:\/\/localhost:8288\/e\//);
    expect(devUrl("1")).toBe("http://localhost:8288");
  });

  test("a self-hosted server", async () => {
    expect(await target({ INNGEST_BASE_URL: "https://inngest.example" })).toMatch(
      /^https:\/\/inngest\.example\/e\//,
    );
  });
});
