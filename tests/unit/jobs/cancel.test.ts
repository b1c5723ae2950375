import { randomUUID } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { createCancel } from "#jobs/cancel.ts";
import { repeatCancels } from "#jobs/repeat-cancels.ts";
import { createInngest } from "#lib/engine/inngest.ts";
import { createLogger } from "#lib/logger.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const env = {
  INNGEST_DEV: "http://engine.local",
  INNGEST_BASE_URL: undefined,
  INNGEST_EVENT_KEY: undefined,
  INNGEST_SIGNING_KEY: undefined,
  CHECKPOINTING: true,
};

const canceledJob = () => ({ id: randomUUID(), event_id: "event", function_id: "walk" });

afterEach(() => {
  vi.useRealTimers();
});

test("an engine that does not answer delays a cancel by at most three seconds", async () => {
  vi.useFakeTimers();
  const { tellEngine } = createCancel({
    jobs: { cancel: () => Promise.reject(new Error("not asked")) },
    inngest: createInngest({ env, fetch: () => new Promise(() => {}), logger }),
    logger,
  });
  const telling = tellEngine([canceledJob()]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await telling).toBe(false);
});

test("a repeated cancel counts only when the engine accepted it", async () => {
  const repeated = async (heard: boolean) =>
    repeatCancels({
      jobs: { unheardCancels: async () => [canceledJob()] },
      tellEngine: async () => heard,
      clock: { now: () => new Date() },
    }).run({ isOver: () => false });
  expect(await repeated(false)).toEqual({ repeated: 0 });
  expect(await repeated(true)).toEqual({ repeated: 1 });
});
