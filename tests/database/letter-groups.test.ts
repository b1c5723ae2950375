/** Requests for a group of dead letters that meet in the database. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type LetterGroupRepository, letterGroupRepository } from "#dead-letters/group-repository.ts";
import { type PartsRepository, partsRepository } from "#jobs/parts-repository.ts";
import { createDatabase } from "#lib/database/client.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const now = "2026-11-29T12:00:00Z";
let db: TestDatabase;
let groups: LetterGroupRepository;
let parts: PartsRepository;
/** How often an answer of the database asked for the outbox to be sent. */
let asked = 0;
beforeAll(async () => {
  db = await freshDatabase();
  const client = createDatabase(db.env, db.fetch, async () => void asked++);
  const clock = { now: () => new Date(now) };
  groups = letterGroupRepository(client, clock);
  parts = partsRepository(client, clock);
});
beforeEach(() => db.sql.query("truncate jobs, dead_letter_queue cascade"));
afterAll(() => db.close());

/** Open dead letters of one group, the oldest first. */
async function letters(count: number): Promise<string[]> {
  const { rows } = await db.sql.query(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at)
     select 'test/order.paid', '{}', 'e' || n, 'r' || n, 'ship-order', '2-a',
       '2026-11-29T11:00:00Z'::timestamptz + n * interval '1 minute'
     from generate_series(1, $1) as n returning id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

const wanted = (id: string) => ({
  id,
  event: "dead-letter/handle-group",
  functionId: "handle-letter-group",
  data: { groupJobId: id },
  requester: "key:one",
  owner: "operator",
});
const work = { fingerprint: "2-a", action: "reprocess", note: null, atOnce: 10, haltAfter: 5 };
const ACCEPT = "select id from accept_letter_group_job($1, $2, $3)";

/** Until a statement with this text waits for a lock. */
const waits = (text: string) =>
  // Other test files of the cluster also wait for locks, so the query names this database.
  expect
    .poll(async () => {
      const isWaiting = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like $1`;
      return (await db.sql.query(isWaiting, [`%${text}%`])).rowCount;
    })
    .toBe(1);

test("a request waits for a concurrent one for the same group, and gets its job", async () => {
  await letters(1);
  const id = randomUUID();
  const first = await db.sql.connect();
  try {
    await first.query("begin");
    await first.query(ACCEPT, [work, wanted(id), now]);
    const second = db.sql.query(ACCEPT, [work, wanted(randomUUID()), now]);
    await waits("accept_letter_group");
    await first.query("commit");
    expect((await second).rows).toEqual([{ id }]);
  } finally {
    first.release();
  }
});

/** Accepts the group's job, and claims its part. */
async function claimed(id: string, atOnce: number) {
  await db.sql.query(ACCEPT, [{ ...work, atOnce }, wanted(id), now]);
  const { jobId } = await parts.open(id, "handle-letter-group");
  await parts.add(jobId, null, { parts: await groups.cut(id), cursor: null });
  const part = await parts.claim({ jobId, part: 1, claimant: "run", leaseMs: 60_000 });
  if (part.state !== "claimed") throw new Error(part.state);
  return part;
}

test("before a run waits for its letters, their jobs are sent, because an earlier attempt may have died before that", async () => {
  await letters(2);
  const id = randomUUID();
  const part = await claimed(id, 1);
  await groups.work(part, id);
  asked = 0;
  await expect(groups.work({ ...part, next: part.next + 1 }, id)).resolves.toMatchObject({ waitMs: 5_000 });
  expect(asked).toBe(1);
});

describe("a letter that a person handles while the group's job works", () => {
  /** Works on the group while a transaction reprocesses this letter by hand. */
  async function workDuringHandling(letterId: string | undefined, atOnce: number) {
    const id = randomUUID();
    const part = await claimed(id, atOnce);
    const person = await db.sql.connect();
    try {
      await person.query("begin");
      await person.query("select reprocess_dead_letter($1, $2, 'ann', $3)", [letterId, randomUUID(), now]);
      const working = groups.work(part, id);
      working.catch(() => {});
      await waits("work_letter_group");
      await person.query("commit");
      return { answer: await working, workOn: () => groups.work(part, id) };
    } finally {
      person.release();
    }
  }
  const handled = async () =>
    (await db.sql.query("select handled_by from dead_letter_queue order by failed_at")).rows.map(
      ({ handled_by }) => handled_by,
    );

  test("is left to the person, and the job handles the others", async () => {
    const [, second] = await letters(3);
    const { answer } = await workDuringHandling(second, 10);
    expect(answer).toEqual({ state: "open" });
    expect(await handled()).toEqual(["key:one", "ann", "key:one"]);
  });

  test("does not end the job when it was the only letter of the batch", async () => {
    const [first] = await letters(2);
    const { answer, workOn } = await workDuringHandling(first, 1);
    expect(answer).toEqual({ state: "open" });
    await workOn();
    expect(await handled()).toEqual(["ann", "key:one"]);
  });
});
