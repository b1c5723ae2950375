/** A process dies at every call of a fan-out to the database, with the answer lost after the effect. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FeedHouse, feedHouse } from "../../support/feed-house.ts";

const FOLLOWERS = 45;

let house: FeedHouse;
beforeAll(async () => {
  house = await feedHouse();
  await house.pushInPartsOf(20);
});
afterAll(() => house.close());

const run = async (dieAt: number) => {
  const author = `author${dieAt}`;
  await house.addFollowers(author, 1, FOLLOWERS);
  await house.feed(author);
  let calls = 0;
  house.hooks.afterDatabase = (path) => {
    if (!path.startsWith("/rest/")) return;
    calls += 1;
    if (calls === dieAt) throw new TypeError("fetch failed: the process died");
  };
  const key = { "idempotency-key": author };
  const post = () => house.as(author, "POST", "/api/posts", { content: "x" }, key);
  // The client tries again when its answer is lost.
  let answer = await post();
  if (answer.status !== 201) answer = await post();
  await house.engine.advance("2m");
  await house.app.keepHouse().catch(() => undefined);
  await house.pushed(answer.body.id);
  await house.engine.advance("2m");
  house.hooks.afterDatabase = undefined;
  const [entries] = await house.rows(
    `select count(distinct posts.id)::int as posts, count(*)::int as entries, count(distinct follower)::int as followers
     from posts join feed_entries on post_sequence = sequence where author = $1`,
    [author],
  );
  const [job] = await house.rows("select status, result from jobs where id = $1", [answer.body.id]);
  return { calls, entries, job };
};

test("a post reaches each of its followers once, whichever call of its fan-out the process dies at", async () => {
  const { calls } = await run(0);
  expect(calls).toBeGreaterThan(10);
  for (let dieAt = 1; dieAt <= calls; dieAt++) {
    const { entries, job } = await run(dieAt);
    expect([dieAt, entries]).toEqual([dieAt, { posts: 1, entries: FOLLOWERS, followers: FOLLOWERS }]);
    expect([dieAt, job.status, job.result]).toMatchObject([dieAt, "completed", { pushed: FOLLOWERS }]);
  }
  expect(await house.rows("select id from dead_letter_queue")).toEqual([]);
}, 180_000);
