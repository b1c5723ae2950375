/**
 * The short form of `npm run chaos -- --form images` in one process: crashes of the site are simulated by lost answers and
 * attempts that never report their end.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { auditImageTasks, judgeStarts } from "../../support/image-audit.ts";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

const TASKS = 24;

let house: ImageQueueHouse;
/** The number of crashes still to come; each ends an attempt before it can report. */
let deaths = 6;
beforeAll(async () => {
  house = await imageQueueHouse({
    images: { failureRate: 0.1 },
    env: { IMAGES_TIMEOUT_MS: "1000" },
    beforeCall: (rpc) => {
      if (rpc !== "end_image_attempt" || Math.random() > 0.2 || deaths-- <= 0) return;
      house.engine.faults.dropAnswer({ functionId: "generate-image" });
      throw new TypeError("fetch failed: the process died");
    },
  });
  await auditImageTasks((sql, ...values) => house.rows(sql, ...values));
});
afterAll(() => house.close());

it("under crashes, failures and cancels tasks start in order, within the concurrency, and none is lost", async () => {
  const ids: string[] = [];
  const produce = async (producer: number) => {
    for (let n = 0; n < TASKS / 4; n++) {
      const prompt = Math.random() < 0.05 ? "fail permanently" : `boat ${producer}.${n}`;
      ids.push(
        await house.submit(prompt, { lane: n % 2 === 0 ? "tasks" : "demo", priority: n % 5 === 0 ? 1 : 3 }),
      );
      house.tick(10);
      if (Math.random() < 0.1) await house.call("DELETE", `/api/tasks/${ids.at(-3)}`);
    }
  };
  await Promise.all([0, 1, 2, 3].map(produce));
  const unfinished = async () =>
    (await house.rows("select id from image_tasks where ended_at is null")).length;
  for (let minutes = 0; (await unfinished()) > 0 && minutes < 60; minutes++) {
    await house.engine.advance("1m");
    // Runs the lanes' safety net more often than in production.
    await house.keepHouse();
  }
  expect(await unfinished()).toBe(0);

  const { starts, outOfOrder, most } = await judgeStarts((sql, ...values) => house.rows(sql, ...values));
  expect({ outOfOrder, isStorm: starts > TASKS / 2, deaths }).toMatchObject({ outOfOrder: 0, isStorm: true });
  expect(most).toEqual({ tasks: expect.toSatisfy((n) => n <= 5), demo: expect.toSatisfy((n) => n <= 6) });
  const rows = await house.rows(
    "select image_tasks.id, image_tasks.status, jobs.status as job_status from image_tasks join jobs on jobs.id = job_id",
  );
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(ids));
  expect(rows.filter(({ status, job_status }) => status !== job_status)).toEqual([]);
  for (const { id, status } of rows) {
    if (status !== "completed") continue;
    const image = await house.fetchAs("admin", "GET", `/api/tasks/${id}/image`);
    expect(image.status).toBe(200);
    await image.body?.cancel();
  }
}, 240_000);
