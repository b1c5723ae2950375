/** Owners share a lane: none keeps another out, or waiting. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type ImageLane, imageLane } from "../support/image-lane.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

const CAPACITY = 100;
const isFull = (error: unknown) => error instanceof Error && "code" in error && error.code === "PT503";
const fill = async (lane: ImageLane, owner: string, count: number) => {
  for (let n = 0; n < count; n++) await lane.accept({ owner });
};
/** The owner and priority of each task that was started, in the order of starting. */
const started = async (lane: ImageLane) =>
  lane.rows(
    "select id, owner, priority, sequence from image_tasks where lane = $1 and started_no is not null order by started_no",
    lane.lane,
  );
const drawOne = async (lane: ImageLane) => {
  const [task] = await lane.rows(
    "select id from image_tasks where lane = $1 and status = 'processing' order by started_no limit 1",
    lane.lane,
  );
  if (task) await lane.draw(String(task["id"]));
  return task !== undefined;
};

/** A generator of numbers below one, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test("a single owner may fill the whole lane, and a request beyond its capacity is refused with a retry time", async () => {
  const lane = imageLane(db);
  await fill(lane, "greedy", CAPACITY);
  const refused = await lane.accept({ owner: "greedy" }).catch((error: unknown) => error);
  expect(isFull(refused)).toBe(true);
  expect(refused).toMatchObject({ detail: "30", message: expect.stringContaining("100 of them yours") });
  await lane.close();
});

test("while one owner fills the lane, 16 other owners are accepted at once and wait for at most one task of each other owner", async () => {
  const lane = imageLane(db);
  await fill(lane, "greedy", CAPACITY);
  const before = (await started(lane)).length;
  const accepted: number[] = [];
  for (let n = 0; n < 16; n++) {
    accepted.push((await started(lane)).length);
    await lane.accept({ owner: `other ${n}` });
    await drawOne(lane);
    // The owner with many tasks tries to fill the lane again all the time.
    await lane.accept({ owner: "greedy" }).catch((error: unknown) => expect(isFull(error)).toBe(true));
  }
  while (await drawOne(lane));
  const starts = await started(lane);
  const waited = accepted.map((at, n) => starts.findIndex(({ owner }) => owner === `other ${n}`) - at);
  expect(Math.min(...waited)).toBeGreaterThanOrEqual(0);
  // One task of each owner goes before them at most, and of the first owner one more that was next already.
  expect(Math.max(...waited)).toBeLessThanOrEqual(17);
  expect(starts.length).toBeGreaterThanOrEqual(before + 16);
  await lane.close();
});

test("an owner whose normal tasks fill the lane can still submit a critical task, which is drawn next", async () => {
  const lane = imageLane(db);
  await fill(lane, "greedy", CAPACITY);
  const { taskId } = await lane.accept({ owner: "greedy", priority: 1 });
  await drawOne(lane);
  expect((await started(lane)).at(-1)).toMatchObject({ id: taskId, priority: 1 });
  await lane.close();
});

test("critical tasks cannot use the capacity that is left for normal tasks", async () => {
  const lane = imageLane(db, { capacity: 10 });
  for (let n = 0; n < 10; n++) await lane.accept({ owner: "app", priority: 1 });
  const refused = await lane.accept({ owner: "app", priority: 1 }).catch((error: unknown) => error);
  expect(isFull(refused)).toBe(true);
  await lane.accept({ owner: "app", priority: 3 });
  await lane.close();
});

test("the share of each further owner shrinks, so the lane stays bounded", async () => {
  const lane = imageLane(db, { capacity: 4 });
  const isIn: boolean[] = [];
  for (let n = 0; n < 8; n++) {
    for (let own = 0; own < 5; own++) {
      const answer = await lane.accept({ owner: `owner ${n}` }).catch((error: unknown) => error);
      isIn.push(!isFull(answer));
    }
  }
  expect(isIn.filter(Boolean)).toHaveLength(4 + 2 + 1 + 1);
  await lane.close();
});

describe("positions of waiting tasks", () => {
  test.each([1, 2, 3, 4])("tasks start in the order of their positions (seed %i)", async (seed) => {
    const lane = imageLane(db, { atOnce: 2, capacity: 1000 });
    const random = randomOf(seed);
    const now = Date.now();
    for (let n = 0; n < 60; n++) {
      const owner = `owner ${Math.floor(random() ** 3 * 6)}`;
      const priority = 1 + Math.floor(random() * 4);
      await lane.accept({ owner, priority, at: new Date(now - 600_000 + n * 5_000) });
      if (random() < 0.3) await drawOne(lane);
    }
    const tasks = await lane.rows(
      "select task from list_image_tasks(null, $1, 'pending', null, null, 200) as task",
      lane.lane,
    );
    const line = tasks
      .map(({ task }) => task as { id: string; position: number })
      .toSorted((a, b) => a.position - b.position);
    expect(line.map(({ position }) => position)).toEqual(line.map((_, n) => n + 1));
    const [one] = line.slice(7, 8);
    const [read] = await lane.rows("select get_image_task($1, null) ->> 'position' as position", one?.id);
    expect(read).toEqual({ position: "8" });

    const before = (await started(lane)).length;
    while (await drawOne(lane));
    expect((await started(lane)).slice(before).map(({ id }) => id)).toEqual(line.map(({ id }) => id));
    await lane.close();
  });

  test("tasks of the same owner and priority start in the order in which they were accepted", async () => {
    const lane = imageLane(db, { atOnce: 1 });
    for (let n = 0; n < 30; n++) {
      await lane.accept({ owner: `owner ${n % 3 === 0 ? "a" : "b"}` });
      if (n % 4 === 0) await drawOne(lane);
    }
    while (await drawOne(lane));
    for (const owner of ["owner a", "owner b"]) {
      const sequences = (await started(lane))
        .filter((task) => task["owner"] === owner)
        .map(({ sequence }) => Number(sequence));
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    await lane.close();
  });
});
