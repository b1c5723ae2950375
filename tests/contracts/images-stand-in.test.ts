import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import { expect, test } from "vitest";
import { codeOf } from "#lib/errors.ts";
import { imagesHouse } from "../support/images-house.ts";

const order = (prompt: string, seed = 1) => ({ taskId: "t", prompt, seed, width: 16, height: 16 });
const get = (path: string) => new Request(`http://images.local${path}`);
const post = (path: string, body: unknown, type = "application/json") =>
  new Request(`http://images.local/_control/images${path}`, {
    method: "POST",
    headers: { "content-type": type },
    body: JSON.stringify(body),
  });
const outcomeOf = (pending: Promise<unknown>) =>
  pending.then(
    () => "drawn",
    (error: unknown) => codeOf(error),
  );

test("S1-17: about one request in ten fails at random, in the same way for the same seed, and can succeed on a retry", async () => {
  const outcomes = async () => {
    const provider = imagesHouse({ seed: 3 }).provider();
    const first = await Promise.all(
      Array.from({ length: 80 }, (_, n) => outcomeOf(provider.draw(order(`p${n}`)))),
    );
    const failed = first.flatMap((code, n) => (code === "drawn" ? [] : [n]));
    const again = await Promise.all(failed.map((n) => outcomeOf(provider.draw(order(`p${n}`)))));
    return { first, failed, again };
  };
  const { first, failed, again } = await outcomes();
  expect(failed.length).toBeGreaterThan(3);
  expect(failed.length).toBeLessThan(16);
  expect(new Set(first)).toEqual(new Set(["drawn", "provider_unavailable"]));
  expect(again.filter((code) => code === "drawn").length).toBeGreaterThan(failed.length / 2);
  expect((await outcomes()).failed).toEqual(failed);
});

test('S1-17: "fail permanently" in a prompt is refused for good', async () => {
  const { provider } = imagesHouse();
  expect(await outcomeOf(provider().draw(order("Please FAIL permanently")))).toBe("provider_rejected");
});

test("a drawing takes the configured time, with its random share", async () => {
  const { provider, control } = imagesHouse({ latencyMs: 40, jitter: 0.5, failureRate: 0 });
  const startedAt = performance.now();
  await provider().draw(order("slow"));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
  expect(await control("", { latencyMs: 30_000 })).toMatchObject({ settings: { latencyMs: 30_000 } });
  expect(await control("", { latencyMs: -1 })).toMatchObject({ error: expect.stringContaining("latencyMs") });
});

test("while the stand-in holds requests, some can be released, oldest first, or all", async () => {
  const { provider, control } = imagesHouse({ hold: true, failureRate: 0 });
  const done: string[] = [];
  const all = ["a", "b", "c"].map((prompt) =>
    provider()
      .draw(order(prompt))
      .then(() => done.push(prompt)),
  );
  expect((await control()).stats).toMatchObject({ inFlight: 3, maxInFlight: 3 });
  expect(await control("/release", { count: 1 })).toEqual({ released: 1 });
  await all[0];
  expect(done).toEqual(["a"]);
  await control("", { hold: false });
  await Promise.all(all);
  expect((await control()).stats).toMatchObject({ inFlight: 0, maxInFlight: 3, byStatus: { 200: 3 } });
  expect((await control("/forget", {})).stats).toMatchObject({ requests: 0, maxInFlight: 0 });
});

test("the rate limit over a sliding second is answered with 429, Retry-After and x-ratelimit headers", async () => {
  let nowMs = 10_000;
  const heard: (string | null)[] = [];
  const house = imagesHouse({ requestsPerSecond: 2, failureRate: 0 }, { now: () => new Date(nowMs) });
  const provider = house.provider({}, (headers) => heard.push(headers.get("x-ratelimit-remaining")));
  await provider.draw(order("a"));
  await provider.draw(order("b"));
  await expect(provider.draw(order("c"))).rejects.toMatchObject({
    code: "provider_rate_limited",
    retryAfterMs: 1000,
  });
  nowMs += 1000;
  await provider.draw(order("c"));
  expect(heard).toEqual(["1", "0", "0", "1"]);
});

test("during an outage every request fails", async () => {
  const { provider, control } = imagesHouse({ outage: 503, failureRate: 0 });
  expect(await outcomeOf(provider().draw(order("a")))).toBe("provider_unavailable");
  await control("", { outage: null });
  expect(await outcomeOf(provider().draw(order("a")))).toBe("drawn");
});

test("a caller that aborts gets a timeout, and the stand-in records it as gone", async () => {
  const { provider, control } = imagesHouse({ hold: true, failureRate: 0 });
  expect(await outcomeOf(provider({ IMAGES_TIMEOUT_MS: 20 }).draw(order("late")))).toBe("provider_timeout");
  expect((await control()).stats).toMatchObject({ inFlight: 0, byStatus: { gone: 1 } });
});

test("/image needs a key, which must be a listed one when keys are listed", async () => {
  const { provider, service, control } = imagesHouse({ failureRate: 0, keys: ["sk_right"] });
  expect(await outcomeOf(provider({ IMAGES_API_KEY: "sk_wrong" }).draw(order("a")))).toBe(
    "provider_unauthorized",
  );
  expect(await outcomeOf(provider({ IMAGES_API_KEY: "sk_right" }).draw(order("a")))).toBe("drawn");
  expect((await service.fetch(get("/images/image/a"))).status).toBe(401);
  await control("", { keys: null });
  expect(await outcomeOf(provider({ IMAGES_API_KEY: "sk_any" }).draw(order("a")))).toBe("drawn");
});

test("unknown parameters, invalid sizes, empty prompts and other methods are refused", async () => {
  const { service } = imagesHouse({ failureRate: 0 });
  const status = async (path: string, init: RequestInit = {}) =>
    (await service.fetch(new Request(`http://images.local${path}`, init))).status;
  expect(await status("/images/prompt/a?witdh=64")).toBe(400);
  expect(await status("/images/prompt/a?width=5000")).toBe(400);
  expect(await status("/images/prompt/%20")).toBe(400);
  expect(await status("/images/prompt/%E0%A4%A")).toBe(400);
  expect(await status("/images/prompt/a", { method: "POST" })).toBe(405);
  expect(await status("/images/elsewhere")).toBe(404);
  expect(await status(`/images/prompt/${"%E6%BC%A2".repeat(1000)}`)).toBe(414);
});

test("settings survive a restart, and a web page cannot change them", async () => {
  const dir = mkdtempSync(join(tmpdir(), "nightshift-images-"));
  try {
    await createImagesProvider({ dir }).fetch(post("", { latencyMs: 5 }));
    const after = createImagesProvider({ dir, settings: { latencyMs: 3000 } });
    expect(await (await after.fetch(get("/_control/images"))).json()).toMatchObject({
      settings: { latencyMs: 5 },
    });
    expect((await after.fetch(post("", { latencyMs: 6 }, "text/plain"))).status).toBe(415);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("a page shows the drawings", async () => {
  const { service, provider } = imagesHouse({ failureRate: 0 });
  await provider().draw(order("a"));
  const page = await service.fetch(get("/images"));
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(await page.text()).toContain("<h1>Image provider</h1>");
  const drawing = await service.fetch(get("/images/drawings/1"));
  expect([drawing.status, drawing.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
  expect((await service.fetch(get("/images/drawings/2"))).status).toBe(404);
});
