/**
 * Many operations at the same time: accepts, attempts that succeed, fail or die, cancels, clears and the lanes' safety
 * net, on many connections. `STORM_TASKS=5000 npx vitest run tests/database/image-lanes-storm` is the long form.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { auditImageTasks, judgeStarts } from "../support/image-audit.ts";
import { type ImageLane, imageLane } from "../support/image-lane.ts";

const TASKS = Number(process.env["STORM_TASKS"] ?? 120);
const LEASE_MS = 60;

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
  await auditImageTasks(async (sql, ...values) => (await db.sql.query(sql, values)).rows);
});
afterAll(() => db.close());

it("S0-22: six tasks that finish at the same instant all end as completed, and the next six start", async () => {
  const lane = imageLane(db, { atOnce: 6, connections: 6 });
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push((await lane.accept()).taskId);
  const first = ids.slice(0, 6);
  for (const id of first) await lane.end(id, (await lane.begin(id)).token, { imagePath: "p" });
  await Promise.all(first.map((id) => lane.complete(id)));
  expect(await statusesOf(lane)).toEqual([...Array(6).fill("completed"), ...Array(6).fill("processing")]);
  await lane.close();
});

it("a cancel in progress blocks no other task, and no later task starts before it commits", async () => {
  const lane = imageLane(db, { atOnce: 2 });
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await lane.accept()).taskId);
  const [first = "", second = "", next = ""] = ids;
  const canceling = await db.sql.connect();
  await canceling.query("begin");
  await canceling.query("select cancel_job($1, null, 'key:test', now())", [next]);
  // The queue waits for the first task, while the next one may be canceled at the same time.
  expect(await Promise.all([lane.draw(first), lane.cancel(second)])).toEqual(["completed", "canceled"]);
  expect(await statusesOf(lane)).toEqual(["completed", "canceled", "pending", "pending"]);
  await canceling.query("commit");
  canceling.release();
  expect(await statusesOf(lane)).toEqual(["completed", "canceled", "canceled", "processing"]);
  await lane.close();
});

it(
  "S0-15, S0-17, S0-21: under concurrent accepts, ends, cancels and crashes no task is lost, the order and the concurrency hold, and no deadlock occurs",
  async () => {
    const lanes = [3, 6].map((atOnce) => imageLane(db, { atOnce, capacity: 1e6, connections: 12 }));
    const accepted: string[] = [];
    let isAccepting = true;
    const errors: unknown[] = [];
    const note = (error: unknown) => {
      if (!isRefusal(error)) errors.push(error);
    };

    const produce = async () => {
      for (let n = 0; n < TASKS / 4; n++) {
        const lane = pick(lanes);
        const { taskId } = await lane.accept({ priority: pick([3, 3, 3, 1]) });
        accepted.push(taskId);
        if (Math.random() < 0.2) await lane.cancel((await nextOf(lane)) ?? pick(accepted)).catch(note);
        if (Math.random() < 0.1) await lane.cancel(pick(accepted)).catch(note);
        if (Math.random() < 2 / TASKS) await lane.clear().catch(note);
      }
    };
    const work = async (lane: ImageLane) => {
      for (;;) {
        const tasks = await lane.rows(
          "select id from image_tasks where lane = $1 and status in ('processing', 'waiting') order by random() limit 1",
          lane.lane,
        );
        const [task] = tasks;
        if (task) await attempt(lane, String(task["id"])).catch(note);
        else if (!isAccepting && (await lane.startWaiting()) === 0 && (await isOver(lane))) return;
        else await pause(2);
      }
    };
    const producing = Promise.all([produce(), produce(), produce(), produce()]).then(
      () => (isAccepting = false),
    );
    await Promise.all([producing, ...lanes.flatMap((lane) => Array.from({ length: 4 }, () => work(lane)))]);

    expect(errors).toEqual([]);
    const { starts, outOfOrder, most } = await judgeStarts(lanes[0]?.rows ?? (() => Promise.resolve([])));
    expect({ outOfOrder, starts: starts > TASKS / 4 }).toEqual({ outOfOrder: 0, starts: true });
    expect(most).toMatchObject({ [String(lanes[0]?.lane)]: 3, [String(lanes[1]?.lane)]: 6 });
    const ends = (await Promise.all(lanes.map((lane) => lane.tasks()))).flat();
    expect(new Set(ends.map(({ id }) => id))).toEqual(new Set(accepted));
    expect(ends.filter(({ ended_at }) => ended_at === null)).toEqual([]);
    await Promise.all(lanes.map((lane) => lane.close()));
  },
  120_000 + 200 * TASKS,
);

/** One attempt with a random outcome; sometimes its process dies in the middle. */
async function attempt(lane: ImageLane, id: string): Promise<void> {
  const { state, token } = await lane.begin(id, undefined, LEASE_MS);
  if (state === "drawn") await lane.complete(id);
  if (state !== "draw") return pause(2);
  if (Math.random() < 0.1) return;
  const fate = Math.random();
  if (fate < 0.1) {
    await lane.end(id, token, { code: "provider_rejected", message: "400" });
    await lane.fail(id);
  } else if (fate < 0.25) {
    const retryAt = new Date(Date.now() + 5).toISOString();
    await lane.end(id, token, { code: "provider_unavailable", message: "503", retryAt });
  } else if ((await lane.end(id, token, { imagePath: "p" })) === "noted") {
    await Promise.all([
      lane.complete(id),
      Math.random() < 0.1 ? lane.cancel(id).catch(ignoreRefusal) : undefined,
    ]);
  }
}

/** The task that starts when the next one ends: here a cancel and an end may coincide. */
async function nextOf(lane: ImageLane): Promise<string | undefined> {
  const [next] = await lane.rows(
    "select id from image_tasks where lane = $1 and status = 'pending' order by due_at, sequence limit 1",
    lane.lane,
  );
  return next && String(next["id"]);
}

const statusesOf = async (lane: ImageLane) => (await lane.tasks()).map(({ status }) => status);
const isOver = async (lane: ImageLane) => (await lane.tasks()).every(({ ended_at }) => ended_at !== null);

const pick = <T>(from: readonly T[]): T => {
  const chosen = from[Math.floor(Math.random() * from.length)];
  if (chosen === undefined) throw new Error("Nothing to choose from");
  return chosen;
};

/** The task had already ended when it was canceled. */
const isRefusal = (error: unknown) => error instanceof Error && "code" in error && error.code === "PT409";
const ignoreRefusal = (error: unknown) => {
  if (!isRefusal(error)) throw error;
};

it("the database rejects a second task with the same id", async () => {
  const lane = imageLane(db);
  const id = randomUUID();
  await lane.accept({ id });
  await expect(lane.accept({ id })).rejects.toMatchObject({ code: "23505" });
  await lane.close();
});
