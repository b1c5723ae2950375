import { expect, test } from "vitest";
import { settleCanceled } from "#campaigns/settle-canceled.ts";
import { clearEndpoints } from "#deliveries/chores.ts";
import { purge } from "#jobs/purge.ts";
import { AppError } from "#lib/errors.ts";
import { type Chore, createHousekeeping, eachOf } from "#lib/housekeeping.ts";
import { createLogger } from "#lib/logger.ts";
import { abandonUploads, forgetUploads } from "#uploads/forget-uploads.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const clock = { now: () => new Date(0) };
const good: Chore = { name: "good", run: async () => ({ done: 1 }) };
const bad: Chore = { name: "bad", run: () => Promise.reject(new AppError("database_unavailable", "gone")) };

test("the report has the result of each chore", async () => {
  await expect(createHousekeeping({ chores: [good], clock, logger })()).resolves.toEqual({
    good: { done: 1 },
  });
});

test("a failed chore does not stop the others, and housekeeping fails with its code", async () => {
  let wasRun = false;
  const last: Chore = { name: "last", run: async () => ({ done: Number((wasRun = true)) }) };
  await expect(createHousekeeping({ chores: [bad, last], clock, logger })()).rejects.toMatchObject({
    code: "database_unavailable",
    message: "1 of 2 chores failed",
  });
  expect(wasRun).toBe(true);
});

test("all chores share one deadline", async () => {
  let time = 0;
  const seen: boolean[] = [];
  const slow: Chore = {
    name: "slow",
    run: async (deadline) => {
      seen.push(deadline.isOver());
      time += 15_000;
      return {};
    },
  };
  const ticking = { now: () => new Date(time) };
  await createHousekeeping({ chores: [slow, slow, slow], clock: ticking, logger })();
  expect(seen).toEqual([false, false, true]);
});

test("deletions that can use up all the time run after the tasks that must not wait", async () => {
  const order: string[] = [];
  const some = (name: string) => async () => {
    order.push(name);
    return 0;
  };
  const chores = [
    clearEndpoints({ clear: some("clear") }),
    forgetUploads({ expire: some("expire") }, 1),
    abandonUploads({ abandon: some("abandon") }),
    { ...good, run: async () => ({ done: await some("good")() }) },
  ];
  await createHousekeeping({ chores, clock, logger })();
  expect(order).toEqual(["abandon", "good", "clear", "expire"]);
});

test("when no time is left, the first batch of rows is deleted and the first of several items is done", async () => {
  const over = { isOver: () => true };
  const jobs = { purge: async () => 500, trim: async () => 500 };
  const chores = [...purge({ jobs, clock }), settleCanceled({ settleCanceled: async () => 20 })];
  await expect(Promise.all(chores.map(({ run }) => run(over)))).resolves.toEqual([
    { deleted: 500 },
    { deleted: 500 },
    { parts: 20 },
  ]);
  await expect(eachOf(["a", "b"], over, String, async () => true)).resolves.toBe(1);
});
