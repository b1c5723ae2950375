import { afterEach, expect, test, vi } from "vitest";
import { createInngest } from "#lib/engine/inngest.ts";
import { postEvents } from "#lib/engine/post-events.ts";
import { createLogger } from "#lib/logger.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const env = {
  INNGEST_DEV: undefined,
  INNGEST_BASE_URL: undefined,
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: undefined,
  CHECKPOINTING: true,
};

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a request has the address, key, environment and events of a request of the SDK", async () => {
  // On a branch deploy, the SDK sends the events to the environment of the branch.
  vi.stubEnv("BRANCH", "new-mail");
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return Response.json({ ids: ["01"], status: 200 });
  };
  const inngest = createInngest({ env, fetch, logger });
  const event = { id: "1", name: "test/walk", data: { far: true }, ts: 1_800_000_000_000 };
  await inngest.send(event);
  await expect(postEvents(inngest, [event], 1_000)).resolves.toBe(200);
  const [sdk, own] = await Promise.all(
    requests.map(async (request) => {
      const headers = Object.fromEntries(request.headers);
      // With this header the engine recognizes a second try of the SDK; our requests are not tried again.
      delete headers["x-inngest-event-id-seed"];
      return { url: request.url, method: request.method, headers, body: await request.json() };
    }),
  );
  expect(own?.headers).toMatchObject({ "x-inngest-env": "new-mail" });
  expect(own).toEqual(sdk);
});

test("503: an answer whose body does not end", async () => {
  const fetch: typeof globalThis.fetch = async () => new Response(new ReadableStream());
  const inngest = createInngest({ env, fetch, logger });
  await expect(postEvents(inngest, [{ name: "test/walk", data: {} }], 1)).resolves.toBe(503);
});
