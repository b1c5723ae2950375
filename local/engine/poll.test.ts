import { afterEach, expect, test, vi } from "vitest";
import { realClock } from "./clock.ts";
import { Engine } from "./engine.ts";
import { findMovedApps, keepInStep } from "./poll.ts";
import { memoryStore } from "./store-memory.ts";
import type { Transport } from "./transport.ts";

afterEach(() => vi.useRealTimers());

const refused = () => Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));

test.each<[string, Transport]>([
  ["hangs", () => new Promise(() => {})],
  ["is down", refused],
])("an engine waits five seconds for an app that has moved and %s, and not longer", async (_, transport) => {
  vi.useFakeTimers();
  const engine = new Engine({ clock: realClock(), store: memoryStore(), transport });
  engine.apps.register("app", "http://127.0.0.1:1/api/inngest", []);
  let isOver = false;
  const found = findMovedApps({ engine, urls: ["http://127.0.0.1:2/api/inngest"] }).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await found;
});

test("an engine whose apps have not moved asks none of them before it continues", async () => {
  const transport = vi.fn<Transport>(refused);
  const engine = new Engine({ clock: realClock(), store: memoryStore(), transport });
  const url = "http://127.0.0.1:1/api/inngest";
  engine.apps.register("app", url, []);
  await findMovedApps({ engine, urls: [url] });
  expect(transport).not.toHaveBeenCalled();
});

test("an app that has moved is not asked at its old address, where another app answers", async () => {
  vi.useFakeTimers();
  const [old, present] = [1, 2].map((port) => `http://127.0.0.1:${port}/api/inngest`) as [string, string];
  const asked: string[] = [];
  const body = JSON.stringify({ app_id: "app", functions: [], sdk: "js:v4.0.0" });
  const transport: Transport = ({ url }) => {
    asked.push(url);
    return Promise.resolve({ status: 200, header: () => undefined, body });
  };
  const engine = new Engine({ clock: realClock(), store: memoryStore(), transport });
  engine.apps.register("app", old, []);
  const inStep = keepInStep({ engine, urls: [present], log: () => {} });
  await vi.advanceTimersByTimeAsync(21_000);
  inStep.stop();
  expect(asked.length).toBeGreaterThan(3);
  expect(asked).not.toContain(old);
  expect(engine.registry.allApps()).toMatchObject([{ id: "app", url: present }]);
});
