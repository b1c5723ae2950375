/** What a reader sees, and from when on: each for pushed and for pulled posts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FeedHouse, feedHouse } from "../../support/feed-house.ts";

let house: FeedHouse;
beforeAll(async () => {
  house = await feedHouse();
});
afterAll(() => house.close());

let people = 0;
/** A reader and an author of this test alone. */
const pair = () => {
  people += 1;
  return [`reader${people}`, `author${people}`] as const;
};
const publish = async (author: string, content?: string) => {
  const id = await house.post(author, content);
  await house.pushed(id);
  return id;
};

describe.each([
  { strategy: "push", above: 10 },
  { strategy: "pull", above: 0 },
])("posts by $strategy", ({ above, strategy }) => {
  beforeAll(() => house.pullAbove(above));

  test("S2-15: an unfollow takes effect at the next read, and following again shows only later posts", async () => {
    const [reader, author] = pair();
    await house.follow(reader, author);
    const early = await publish(author);
    expect(await house.feed(reader)).toEqual([early]);
    await house.unfollow(reader, author);
    expect(await house.feed(reader)).toEqual([]);
    await house.follow(reader, author);
    expect(await house.feed(reader)).toEqual([]);
    const late = await publish(author);
    await house.engine.advance("31s");
    expect(await house.feed(reader)).toEqual([late]);
    expect(await house.rows("select strategy from posts where id = $1", [late])).toEqual([{ strategy }]);
  });

  test("a block by either side takes effect at the next read, and its end shows the posts again", async () => {
    const [reader, author] = pair();
    await house.follow(reader, author);
    const id = await publish(author);
    for (const [one, other] of [
      [reader, author],
      [author, reader],
    ] as const) {
      expect(await house.feed(reader)).toEqual([id]);
      await house.block(one, other);
      expect(await house.feed(reader)).toEqual([]);
      await house.unblock(one, other);
    }
    expect(await house.feed(reader)).toEqual([id]);
  });

  test("a deletion takes effect at the next read; only the author may delete", async () => {
    const [reader, author] = pair();
    await house.follow(reader, author);
    const id = await publish(author);
    expect(await house.feed(reader)).toEqual([id]);
    expect((await house.as(reader, "DELETE", `/api/posts/${id}`)).status).toBe(404);
    await house.remove(author, id);
    expect(await house.feed(reader)).toEqual([]);
  });

  test("a reader gets the posts from the follow on, and none of before", async () => {
    const [reader, author] = pair();
    await house.follow(`other ${reader}`, author);
    await publish(author);
    await house.follow(reader, author);
    const id = await publish(author);
    expect(await house.feed(reader)).toEqual([id]);
  });
});

test("S2-14: up to 10 posts of each author are pulled, the newest 50 of all, in the order of their times", async () => {
  await house.pullAbove(0);
  const [reader] = pair();
  const expected: string[] = [];
  for (let n = 1; n <= 6; n++) await house.follow(reader, `columnist${n}`);
  for (let round = 1; round <= 12; round++)
    for (let n = 1; n <= 6; n++) {
      const [{ id }] = await house.rows(
        `insert into posts (id, sequence, author, content, strategy, follower_count, created_at)
         values (gen_random_uuid(), nextval('private.feed_sequence'), $1, 'x', 'pull', 1, now()) returning id`,
        [`columnist${n}`],
      );
      expected.unshift(id);
    }
  const feed = await house.feed(reader);
  expect(feed).toEqual(expected.slice(0, 50));
  const [{ found }] = await house.rows("select cardinality(private.pull_posts($1)) as found", [reader]);
  expect(found).toBe(50);
  // One author alone gives ten.
  await house.follow(`${reader}b`, "novelist");
  const all: string[] = [];
  for (let n = 1; n <= 12; n++) all.unshift(await house.post("novelist"));
  expect(await house.feed(`${reader}b`)).toEqual(all.slice(0, 10));
});

test("S2-14: what is pulled is remembered for 30 seconds", async () => {
  await house.pullAbove(0);
  const [reader, author] = pair();
  await house.follow(reader, author);
  const first = await publish(author);
  expect(await house.feed(reader)).toEqual([first]);
  const second = await house.post(author);
  await house.engine.advance("29s");
  expect(await house.feed(reader)).toEqual([first]);
  await house.engine.advance("2s");
  expect(await house.feed(reader)).toEqual([second, first]);
});

test("a post that is both pushed and pulled is shown once", async () => {
  await house.pullAbove(0);
  const [reader, author] = pair();
  await house.follow(reader, author);
  const id = await publish(author);
  await house.rows("insert into feed_entries select $1, sequence from posts where id = $2", [reader, id]);
  expect(await house.feed(reader)).toEqual([id]);
});

test("a person lists their own follows and blocks, and sees those of no other person", async () => {
  await house.follow("lia", "mo");
  await house.follow("lia", "kim");
  await house.block("lia", "max");
  await house.follow("max", "lia");
  await house.block("max", "kim");
  const people = async (path: string) => {
    const { status, body } = await house.as("lia", "GET", path);
    expect(status).toBe(200);
    return body.items;
  };
  expect(await people("/api/follows")).toEqual([
    { person: "kim", since: expect.any(String) },
    { person: "mo", since: expect.any(String) },
  ]);
  expect(await people("/api/blocks")).toEqual([{ person: "max", since: expect.any(String) }]);
  await house.unfollow("lia", "kim");
  expect(await people("/api/follows")).toMatchObject([{ person: "mo" }]);
});

test("a person cannot follow or block themselves, and the number of follows is limited", async () => {
  const [reader] = pair();
  for (const what of ["follows", "blocks"])
    expect((await house.as(reader, "PUT", `/api/${what}/${reader}`)).status).toBe(400);
  await house.rows("insert into follows select $1, 'a' || n, 0, now() from generate_series(1, 5000) as n", [
    reader,
  ]);
  expect((await house.as(reader, "PUT", "/api/follows/a1")).status).toBe(204);
  expect((await house.as(reader, "PUT", "/api/follows/b1")).status).toBe(409);
  await house.rows("insert into blocks select $1, 'a' || n, now() from generate_series(1, 5000) as n", [
    reader,
  ]);
  expect((await house.as(reader, "PUT", "/api/blocks/a1")).status).toBe(204);
  expect((await house.as(reader, "PUT", "/api/blocks/b1")).status).toBe(409);
});

test("a user who is deleted in Supabase Auth leaves no posts, follows, blocks and entries", async () => {
  const id = "00000000-0000-4000-8000-000000000001";
  await house.pullAbove(10);
  await house.rows("insert into auth.users (id, email) values ($1, 'gone@example.com')", [id]);
  await house.follow(id, "bob");
  await house.follow("bob", id);
  await house.block(id, "carl");
  await house.block("carl", id);
  await publish("bob");
  await publish(id);
  await house.rows("delete from auth.users where id = $1", [id]);
  for (const [table, columns] of [
    ["posts", "author"],
    ["follows", "follower, author"],
    ["blocks", "blocker, blocked"],
    ["feed_entries", "follower"],
  ])
    expect([table, await house.rows(`select from ${table} where $1 in (${columns})`, [id])]).toEqual([
      table,
      [],
    ]);
});
