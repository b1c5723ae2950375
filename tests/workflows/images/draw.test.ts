import { afterEach, expect, it } from "vitest";
import { type ImageQueueHouse, imageQueueHouse } from "../../support/image-queue-house.ts";

let house: ImageQueueHouse;
const statements: string[] = [];
afterEach(() => house.close());

it("a task is drawn with the expected statements, its picture can be downloaded, and its job has the full timeline", async () => {
  house = await imageQueueHouse({ beforeCall: (rpc) => void statements.push(rpc) });
  const id = await house.submit("a lighthouse at night");
  await house.engine.idle();
  // Each request looks up its key; the rest are the statements of a task (docs/costs.md).
  expect(
    statements.filter(
      (rpc) => rpc !== "find_api_key" && rpc !== "note_api_key_use" && rpc !== "create_api_key",
    ),
  ).toEqual([
    "accept_image_task",
    "unsent_jobs",
    "mark_jobs_sent",
    "start_run",
    "begin_image_attempt",
    "end_image_attempt",
    "complete_image_task",
    "unsent_jobs",
    "finish_run",
  ]);

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
