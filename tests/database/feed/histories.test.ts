/** Random histories of follows, unfollows, blocks, posts, deletions and crossings, compared with a model of the feed. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";
import { feedModel, type Limits, type Op } from "./model.ts";

/** `FEED_HISTORIES=10000` plays more of them. */
const HISTORIES = Number(process.env["FEED_HISTORIES"] ?? 150);
const PEOPLE = 6;
/** Above this number of followers posts are pulled, so that a few people cross it often. */
const PULL_ABOVE = 2;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.sql.query(readFileSync(join(import.meta.dirname, "play.sql"), "utf8"));
});
afterAll(() => database.close());

const setLimits = ({ pullAbove, kept }: Limits) =>
  database.sql.query(
    `create or replace function private.most_pushed_followers() returns integer language sql immutable as 'select ${pullAbove}';
     create or replace function private.kept_feed_entries() returns integer language sql immutable as 'select ${kept}'`,
  );

/** A move names people and posts by numbers, so that any part of a history is a history. */
const move = fc.record({
  do: fc.oneof(
    ...[
      ["follow", 6],
      ["unfollow", 2],
      ["block", 1],
      ["unblock", 2],
      ["post", 5],
      ["delete", 1],
      ["plan", 4],
      ["push", 5],
      ["read", 3],
      ["read again", 2],
    ].map(([what, weight]) => ({ arbitrary: fc.constant(what as Op["do"]), weight: Number(weight) })),
  ),
  by: fc.nat(PEOPLE - 1),
  with: fc.nat(PEOPLE - 1),
  post: fc.nat(1000),
});
type Move = typeof move extends fc.Arbitrary<infer Value> ? Value : never;

/** The moves as operations; at the end every post arrives, and everyone reads. `everyPost`: at most so many of one author. */
function opsOf(moves: Move[], mostPosts: number): { ops: Op[]; people: string[] } {
  const people = Array.from({ length: PEOPLE }, () => randomUUID());
  const nameOf = (n: number) => people[n] ?? "";
  const postedBy: string[] = [];
  const ids: string[] = [];
  const ops: Op[] = [];
  for (const { do: what, by, with: other, post } of moves) {
    const op = { do: what, by: nameOf(by), with: nameOf(other), id: ids[post % ids.length] ?? "" };
    if (["follow", "block"].includes(what) && by === other) continue;
    if (what === "post") {
      if (postedBy.filter((name) => name === op.by).length >= mostPosts) continue;
      postedBy.push(op.by);
      op.id = randomUUID();
      ids.push(op.id);
    } else if (["delete", "plan", "push"].includes(what) && op.id === "") continue;
    ops.push(op);
  }
  const noPeople = { by: "", with: "" };
  for (const id of ids) {
    ops.push({ do: "plan", ...noPeople, id });
    for (let part = 0; part < PEOPLE / 2; part++) ops.push({ do: "push", ...noPeople, id });
  }
  for (const by of people) ops.push({ do: "read", by, with: "", id: "" });
  return { ops, people };
}

let played = 0;
async function play(ops: Op[]): Promise<string[][]> {
  // Test databases have no autovacuum, so the tables are kept small.
  played += 1;
  if (played % 50 === 0)
    await database.sql.query(
      "truncate jobs, posts, follows, blocks, feed_entries, private.request_rates cascade",
    );
  const { rows } = await database.sql.query("select play($1, '2026-11-29T04:00:00Z') as reads", [
    JSON.stringify(ops),
  ]);
  return rows[0].reads;
}

const moves = fc.array(move, { minLength: 20, maxLength: 120, size: "max" });

test("every read of a random history shows what the model shows, also while posts are on their way", async () => {
  const limits = { pullAbove: PULL_ABOVE, kept: 4 };
  await setLimits(limits);
  await fc.assert(
    fc.asyncProperty(moves, async (moves) => {
      const { ops } = opsOf(moves, 1000);
      const model = feedModel(limits);
      const wanted = ops.map((op) => model.act(op)).filter((read) => read !== undefined);
      expect(await play(ops)).toEqual(wanted);
    }),
    { numRuns: HISTORIES },
  );
}, 3_600_000);

test("S2-15: when every post has arrived, a feed with pushed posts equals one with pulled posts: crossing authors lose and double nothing", async () => {
  const limits = { pullAbove: PULL_ABOVE, kept: 1000 };
  await setLimits(limits);
  await fc.assert(
    fc.asyncProperty(moves, async (moves) => {
      const { ops, people } = opsOf(moves, 10);
      const model = feedModel(limits);
      for (const op of ops) model.act(op);
      expect((await play(ops)).slice(-PEOPLE)).toEqual(people.map((reader) => model.ideal(reader)));
    }),
    { numRuns: HISTORIES },
  );
}, 3_600_000);
