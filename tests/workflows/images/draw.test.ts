import { afterEach, expect, it } from "vitest";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

let house: ImageQueueHouse;
afterEach(() => house.close());

it("draws a picture from the request to the bytes, with one job that tells the same story", async () => {
  house = await imageQueueHouse();
  const id = await house.submit("a lighthouse at night");
  await house.engine.waitFor(async () => (await house.task(id)).status === "completed");
  await house.engine.idle();

  const task = await house.task(id);
  expect(task).toMatchObject({
    status: "completed",
    state: "completed",
    attempts: 1,
    position: null,
    error: null,
  });
  const image = await house.fetchAs("ann", "GET", task.imageUrl);
  expect(image.headers.get("content-type")).toMatch(/^image\//);
  expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(100);
  const thumbnail = await house.fetchAs("ann", "GET", task.thumbnailUrl);
  expect(thumbnail.headers.get("content-type")).toBe("image/webp");

  const { body: job } = await house.call("GET", task.jobUrl);
  expect(job).toMatchObject({ status: "completed", result: { taskId: id, imageUrl: task.imageUrl } });
  expect(job.timeline.map(({ type }: { type: string }) => type)).toEqual([
    "accepted",
    "released",
    "running",
    "completed",
  ]);
  expect(house.engine.usage().executions).toBe(3);
});
