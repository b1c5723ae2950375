import { afterAll, beforeAll, expect, test } from "vitest";
import { type FeedHouse, feedHouse } from "../../support/feed-house.ts";

let house: FeedHouse;
beforeAll(async () => {
  house = await feedHouse();
});
afterAll(() => house.close());

const entriesOf = async (follower: string) =>
  Number((await house.rows("select count(*) as n from feed_entries where follower = $1", [follower]))[0].n);
const postOf = async (id: string) =>
  (await house.rows("select strategy, follower_count as followers from posts where id = $1", [id]))[0];

test("S2-25: a post is answered with 201 and status created, is one event, and is read at GET /api/feed", async () => {
  await house.follow("ann", "bob");
  const { status, body } = await house.as("bob", "POST", "/api/posts", { content: "hello" });
  expect([status, body.status]).toEqual([201, "created"]);
  await house.pushed(body.id);
  expect(house.engine.runs("push-post")).toHaveLength(1);
  const { body: feed } = await house.as("ann", "GET", "/api/feed");
  expect(feed).toEqual({
    posts: [{ id: body.id, author: "bob", content: "hello", createdAt: expect.any(String) }],
  });
});

test("a repeated request with its Idempotency-Key makes one post", async () => {
  await house.follow("ann", "ida");
  const post = () => house.as("ida", "POST", "/api/posts", { content: "once" }, { "idempotency-key": "k1" });
  const [first, second] = [await post(), await post()];
  expect(second).toEqual(first);
  await house.pushed(first.body.id);
  expect(await house.rows("select id from posts where author = 'ida'")).toEqual([{ id: first.body.id }]);
  expect(await house.feed("ann")).toContain(first.body.id);
});

test("S2-12: a post reaches 10,000 followers with at most 30 executions and 40 calls of the database", async () => {
  await house.addFollowers("star", 1, 10_000);
  let calls = 0;
  const before = house.engine.usage().executions;
  house.hooks.afterDatabase = (path) => {
    if (path.startsWith("/rest/")) calls += 1;
  };
  const id = await house.post("star");
  await house.engine.waitFor(async () => {
    const counting = house.hooks.afterDatabase;
    house.hooks.afterDatabase = undefined;
    const [job] = await house.rows("select status from jobs where id = $1", [id]);
    house.hooks.afterDatabase = counting;
    return job.status === "completed";
  });
  await house.engine.advance("1m");
  house.hooks.afterDatabase = undefined;
  const [{ n }] = await house.rows(
    `select count(*)::int as n from feed_entries join posts on sequence = post_sequence where id = $1`,
    [id],
  );
  const [job] = await house.rows("select result from jobs where id = $1", [id]);
  expect(n).toBe(10_000);
  expect(job.result).toMatchObject({ postId: id, pushed: 10_000, total: 10_000 });
  expect(house.engine.usage().executions - before).toBeLessThanOrEqual(30);
  expect(calls).toBeLessThanOrEqual(40);
});

test("S2-13: a feed keeps the newest 1,000 posts and shows the first 50, newest first", async () => {
  await house.follow("kim", "leo");
  await house.rows(
    `with made as (
       insert into posts (id, sequence, author, content, strategy, follower_count, created_at)
       select gen_random_uuid(), nextval('private.feed_sequence'), 'leo', 'n' || n, 'push', 1, now()
       from generate_series(1, 1005) as n returning sequence)
     insert into feed_entries select 'kim', sequence from made`,
  );
  const id = await house.post("leo", "the last");
  await house.pushed(id);
  expect(await entriesOf("kim")).toBe(1000);
  const [{ content }] = await house.rows(
    `select content from posts join feed_entries on post_sequence = sequence where follower = 'kim'
     order by sequence limit 1`,
  );
  expect(content).toBe("n7");
  const { body } = await house.as("kim", "GET", "/api/feed");
  expect(body.posts).toHaveLength(50);
  expect(body.posts.slice(0, 2).map((post: { content: string }) => post.content)).toEqual([
    "the last",
    "n1005",
  ]);
});

test("S2-15: posts of authors with up to 10,000 followers are pushed, with more they are pulled, and each is read once", async () => {
  await house.follow("zoe", "max");
  const ids: string[] = [];
  for (const [followers, strategy] of [
    [9_999, "push"],
    [10_000, "push"],
    [10_001, "pull"],
    [10_000, "push"],
  ] as const) {
    await house.rows("delete from follows where author = 'max' and follower <> 'zoe'");
    await house.addFollowers("max", 1, followers - 1);
    const id = await house.post("max", String(followers));
    await house.pushed(id);
    ids.unshift(id);
    expect(await postOf(id)).toEqual({ strategy, followers });
    // The pulled posts are remembered for half a minute.
    await house.engine.advance("31s");
    expect(await house.feed("zoe")).toEqual(ids);
  }
}, 60_000);
