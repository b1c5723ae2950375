/** An author crosses the number of followers above which posts are pulled, while a post is on its way. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FeedHouse, feedHouse } from "../../support/feed-house.ts";

let house: FeedHouse;
beforeEach(async () => {
  house = await feedHouse();
  await house.pullAbove(3);
});
afterEach(() => house.close());

const planned = (id: string) =>
  house.engine.waitFor(
    async () => (await house.rows("select from job_plans where job_id = $1", [id])).length > 0,
  );
const strategies = async (ids: string[]) =>
  (await house.rows("select strategy from posts where id = any ($1) order by sequence", [ids])).map(
    ({ strategy }) => strategy,
  );

test("S2-15: who crosses the boundary upwards during a fan-out loses and doubles no post", async () => {
  for (const reader of ["ann", "bea", "cas"]) await house.follow(reader, "author");
  house.engine.faults.delay("1h", { functionId: "push-post-part" });
  const pushed = await house.post("author");
  await planned(pushed);
  // Above the boundary now: the next post is pulled.
  await house.follow("dan", "author");
  const pulled = await house.post("author");
  expect(await strategies([pushed, pulled])).toEqual(["push", "pull"]);
  expect(await house.feed("ann")).toEqual([pulled]);
  await house.pushed(pushed);
  await house.engine.advance("31s");
  for (const reader of ["ann", "bea", "cas"]) expect(await house.feed(reader)).toEqual([pulled, pushed]);
  expect(await house.feed("dan")).toEqual([pulled]);
});

test("S2-15: who crosses it downwards during a fan-out loses and doubles no post", async () => {
  for (const reader of ["ann", "bea", "cas", "dan"]) await house.follow(reader, "author");
  const pulled = await house.post("author");
  await house.unfollow("dan", "author");
  house.engine.faults.delay("1h", { functionId: "push-post-part" });
  const pushed = await house.post("author");
  await planned(pushed);
  // Leaves and comes back while the post is on its way: what lies before is not for this follow.
  await house.unfollow("cas", "author");
  await house.follow("cas", "author");
  await house.follow("dan", "author");
  const last = await house.post("author");
  expect(await strategies([pulled, pushed, last])).toEqual(["pull", "push", "pull"]);
  await house.pushed(pushed);
  await house.engine.advance("31s");
  for (const reader of ["ann", "bea"]) expect(await house.feed(reader)).toEqual([last, pushed, pulled]);
  for (const reader of ["cas", "dan"]) expect(await house.feed(reader)).toEqual([last]);
});

test("a post that is deleted during its fan-out ends it, and no feed shows it", async () => {
  await house.follow("ann", "author");
  house.engine.faults.delay("1h", { functionId: "push-post-part" });
  const id = await house.post("author");
  await planned(id);
  await house.remove("author", id);
  await house.pushed(id);
  expect(await house.feed("ann")).toEqual([]);
  expect(await house.rows("select from feed_entries")).toEqual([]);
  const [job] = await house.rows("select result from jobs where id = $1", [id]);
  expect(job.result).toMatchObject({ total: 1, skipped: 1 });
});

test("a reader who follows between a post and its fan-out does not get the post", async () => {
  await house.follow("ann", "author");
  house.engine.faults.delay("1h", { functionId: "push-post" });
  const id = await house.post("author");
  await house.follow("dan", "author");
  await house.pushed(id);
  expect(await house.rows("select follower from feed_entries")).toEqual([{ follower: "ann" }]);
});

test("a post waits for the follows of its author that have begun, so that it counts and reaches them", async () => {
  await house.feed("author");
  const follow = await house.database.sql.connect();
  try {
    await follow.query("begin");
    await follow.query("select public.follow_author('ann', 'author', 5000, now())");
    const posted = house.post("author");
    const waits = async () =>
      (await house.rows("select from pg_locks where locktype = 'advisory' and not granted")).length > 0;
    const isWaiting = await Promise.race([
      posted.then(() => false),
      vi.waitUntil(waits, { timeout: 10_000 }),
    ]);
    await follow.query("commit");
    expect(isWaiting).toBe(true);
    const id = await posted;
    await house.pushed(id);
    expect(await house.feed("ann")).toEqual([id]);
    expect(await house.rows("select follower_count from posts")).toEqual([{ follower_count: 1 }]);
  } finally {
    follow.release();
  }
});
