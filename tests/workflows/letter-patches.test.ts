/** A group of dead letters is reprocessed with a patch of its events' data, after a dry run. */
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deadLetterFunctions } from "#dead-letters/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const GROUP = "/api/dead-letters/groups/2-a";
/** Mends letters whose user stands in the wrong field. */
const patch = [{ op: "move", from: "/user", path: "/userId" }];
const greeted: string[] = [];
let afterDatabase: ((path: string) => void) | undefined;
let shop: Workshop;

beforeEach(async () => {
  greeted.length = 0;
  afterDatabase = undefined;
  shop = await workshop({
    functions: (deps) => [
      ...deadLetterFunctions(deps),
      deps.inngest.createFunction(
        { id: "greet", triggers: [{ event: "user/signup" }], onFailure: deps.onFailure },
        async ({ event, step }) => {
          await step.run("greet", () => greeted.push(event.data["userId"]));
        },
      ),
    ],
    afterDatabase: (path) => afterDatabase?.(path),
  });
});
afterEach(() => shop.close());

/** Open dead letters with this data, the first one the oldest. */
async function letters(data: object[]) {
  await shop.rows(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at,
       alerted_at)
     select 'user/signup', l.data, gen_random_uuid(), gen_random_uuid(), 'greet', '2-a',
       $2::timestamptz - interval '1 day' + n * interval '1 second', $2
     from jsonb_array_elements($1) with ordinality as l (data, n)`,
    [JSON.stringify(data), shop.engine.clock.now().toISOString()],
  );
}
const users = (count: number) => Array.from({ length: count }, () => randomUUID());
const stored = () =>
  shop.rows(
    `select event_data as data, status, patched_data as patched, refusal from dead_letter_queue order by failed_at`,
  );
async function ended(jobId: string) {
  for (let minute = 0; minute < 300; minute++) {
    const { body } = await shop.call("GET", `/api/jobs/${jobId}`);
    if (["completed", "failed", "canceled"].includes(body.status)) return body;
    await shop.engine.advance("1m");
    await shop.app.keepHouse();
    await shop.engine.idle();
  }
  throw new Error("The job does not end");
}

describe("a patch", () => {
  test("changes the data of each letter, and the event's own data stays", async () => {
    const ids = users(230);
    await letters(ids.map((user) => ({ user })));
    const { status, body } = await shop.call("POST", `${GROUP}/reprocess`, { patch, atOnce: 100 });
    expect(status).toBe(202);
    expect(await ended(body.jobId)).toMatchObject({ result: { reprocessed: 230, refused: 0 } });
    await shop.engine.idle();
    expect(greeted.toSorted()).toEqual(ids.toSorted());
    expect(await stored()).toEqual(
      ids.map((id) => ({
        data: { user: id },
        status: "reprocessed",
        patched: { userId: id },
        refusal: null,
      })),
    );
    expect((await shop.call("GET", GROUP)).body.job).toMatchObject({ patch });
    const [letter] = (await shop.call("GET", "/api/dead-letters?limit=1")).body.items;
    expect(letter).toMatchObject({ event: { data: { user: ids[229] } }, patchedData: { userId: ids[229] } });
  });

  test("a letter that it does not fit stays open, and says why", async () => {
    const [id = "", ...more] = users(2);
    await letters([{ user: id }, { userId: more[0] }, { user: "no id" }]);
    const { body } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    expect(await ended(body.jobId)).toMatchObject({
      status: "completed",
      result: { reprocessed: 1, refused: 2 },
    });
    await shop.engine.idle();
    expect(greeted).toEqual([id]);
    const open = (await shop.call("GET", "/api/dead-letters?status=failed")).body.items;
    expect(open.map((one: { refusal: string }) => one.refusal)).toEqual([
      expect.stringContaining("does not fit user/signup"),
      "Operation 1 (move /userId): there is no value at this path",
    ]);
    expect((await shop.call("GET", GROUP)).body.counts).toMatchObject({ open: 2, refused: 2 });

    // The next attempt does not use what the first one made of the data.
    expect((await shop.call("POST", `/api/dead-letters/${open[1].id}/reprocess`)).status).toBe(202);
    await shop.engine.idle();
    expect(greeted).toEqual([id, more[0]]);
  });

  test("is tried on all letters before the first one is sent", async () => {
    await letters(users(150).map((user) => ({ user })));
    const seen: { sent: number; checked: number }[] = [];
    const states: Promise<void>[] = [];
    afterDatabase = (path) => {
      if (!path.endsWith("/check_letters")) return;
      const query = `select count(*) filter (where status <> 'failed')::int as sent,
        count(*) filter (where checked_by is not null)::int as checked from dead_letter_queue`;
      states.push(shop.rows(query).then(([row]) => void seen.push(row)));
    };
    const { body } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    await ended(body.jobId);
    await Promise.all(states);
    expect(seen).toEqual([
      { sent: 0, checked: 100 },
      { sent: 0, checked: 150 },
    ]);
  });

  test("killed after each of its statements, the job does each letter's work once", async () => {
    const ids = users(220);
    await letters(ids.map((user) => ({ user })));
    let kills = 0;
    afterDatabase = (path) => {
      if (/\/(?:check_letters|plan_parts|work_letter_group)$/.test(path) && kills++ % 2 === 0)
        throw new TypeError("fetch failed");
    };
    const { body } = await shop.call("POST", `${GROUP}/reprocess`, { patch, atOnce: 100 });
    expect(await ended(body.jobId)).toMatchObject({ result: { reprocessed: 220, refused: 0 } });
    await shop.engine.idle();
    expect(kills).toBeGreaterThan(4);
    expect(greeted.toSorted()).toEqual(ids.toSorted());
  });

  test("a job that has ended does not change what a letter says", async () => {
    await letters([{ user: "no id" }]);
    const { body } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    await ended(body.jobId);
    const before = await stored();
    // A statement of the ended job comes late.
    await shop.rows(
      `select check_letters($1, jsonb_agg(jsonb_build_object('id', id, 'refusal', 'late'))) from dead_letter_queue`,
      [body.jobId],
    );
    expect(await stored()).toEqual(before);
  });

  test("is tried again on the letters when the job is reprocessed or run again", async () => {
    const [one = "", two = ""] = users(2);
    await letters([{ user: one }]);
    const setPatch = (text: string) => shop.rows("update letter_group_jobs set patch = $1", [text]);
    shop.down.engine = true;
    const { body: failing } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    await setPatch('"unreadable"');
    shop.down.engine = false;
    // Housekeeping sends the job that the engine did not receive.
    await shop.engine.advance("5m");
    await shop.app.keepHouse();
    const found = async () => (await shop.call("GET", `/api/dead-letters?job=${failing.jobId}`)).body.items;
    await shop.engine.waitFor(async () => (await found()).length > 0, { within: "1d" });
    await setPatch(JSON.stringify(patch));
    const [letter] = await found();
    const { body: second } = await shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`);
    expect(await ended(second.jobId)).toMatchObject({ result: { reprocessed: 1, refused: 0 } });

    await letters([{ user: two }]);
    shop.down.engine = true;
    const { body: canceled } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    await shop.call("DELETE", canceled.statusUrl);
    shop.down.engine = false;
    const { body: again } = await shop.call("POST", `${canceled.statusUrl}/run-again`);
    expect(await ended(again.jobId)).toMatchObject({ result: { reprocessed: 1, refused: 0 } });
    await shop.engine.idle();
    expect(greeted).toEqual([one, two]);
  });

  test("of a job that is run again changes nothing while another job of the group is under way", async () => {
    await letters([{ user: randomUUID() }]);
    shop.down.engine = true;
    const { body: canceled } = await shop.call("POST", `${GROUP}/reprocess`, { patch });
    await shop.call("DELETE", canceled.statusUrl);
    await shop.call("POST", `${GROUP}/reprocess`, { patch: [{ op: "remove", path: "/user" }] });
    await shop.call("POST", `${canceled.statusUrl}/run-again`);
    const check = (refusal: string, job: string) =>
      shop.rows(
        `select check_letters(letter_group_jobs.id, (select jsonb_agg(jsonb_build_object('id', letter.id, 'refusal', $1::text))
           from dead_letter_queue as letter)) from letter_group_jobs where (id = $2) = $3`,
        [refusal, canceled.jobId, job === "first"],
      );
    await check("of the second job", "second");
    const before = await stored();
    expect(JSON.stringify(before)).toContain("of the second job");
    await check("of the first job", "first");
    expect(await stored()).toEqual(before);
  });

  test("another patch has to wait for the job under way", async () => {
    await letters([{ user: randomUUID() }]);
    shop.down.engine = true;
    const ask = (body: object) => shop.call("POST", `${GROUP}/reprocess`, body);
    const { body: first } = await ask({ patch });
    expect((await ask({ patch })).body.jobId).toBe(first.jobId);
    for (const other of [{}, { patch: [{ op: "remove", path: "/user" }] }]) {
      const { status, body } = await ask(other);
      expect({ status, code: body.code }).toEqual({ status: 409, code: "conflict" });
      expect(body.detail).toContain("reprocess with a patch");
    }
    shop.down.engine = false;
    await ended(first.jobId);
  });
});

test("one letter is patched, and refused with 400 while the data does not fit", async () => {
  const id = randomUUID();
  await letters([{ user: id }]);
  const [letter] = (await shop.call("GET", "/api/dead-letters")).body.items;
  const ask = (body: object) => shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`, body);
  const refused = await ask({ patch: [{ op: "remove", path: "/user" }] });
  expect(refused).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  expect(refused.body.detail).toContain("does not fit user/signup");
  expect(await stored()).toMatchObject([{ status: "failed" }]);
  expect((await ask({ patch })).status).toBe(202);
  await shop.engine.idle();
  expect(greeted).toEqual([id]);
  const audited = (await shop.call("GET", "/api/audit-logs")).body.items;
  expect(audited[0]).toMatchObject({
    action: "POST /api/dead-letters/:id/reprocess",
    target: { id: letter.id, patch: "move /userId" },
    actor: expect.stringMatching(/^key:/),
  });
});

describe("a dry run", () => {
  const dryRun = (body: object) => shop.call("POST", `${GROUP}/dry-run`, body);

  test("counts what would pass, names the first refusals, and writes nothing", async () => {
    await letters([...users(250).map((user) => ({ user })), ...users(8).map((userId) => ({ userId }))]);
    const before = await shop.rows("select * from dead_letter_queue order by id");
    const without = await dryRun({});
    expect(without.status).toBe(200);
    expect(without.body).toMatchObject({ checked: 258, passed: 8, refused: 250, isComplete: true });
    const { body } = await dryRun({ patch });
    expect(body).toMatchObject({ checked: 258, passed: 250, refused: 8 });
    expect(body.refusals).toHaveLength(5);
    expect(body.refusals[0]).toEqual({ id: expect.any(String), reason: expect.stringContaining("no value") });
    expect(await shop.rows("select * from dead_letter_queue order by id")).toEqual(before);
    expect(await shop.rows("select from jobs")).toEqual([]);
  });

  test("reads large letters in small pages", async () => {
    await letters(Array.from({ length: 30 }, () => ({ userId: randomUUID(), text: "x".repeat(100_000) })));
    const [page] = await shop.rows(
      "select jsonb_array_length(page_letter_group('2-a', null, null, 100)) as size",
    );
    expect(page).toEqual({ size: 20 });
    expect((await dryRun({})).body).toMatchObject({ checked: 30, isComplete: true });
  });

  test("stops after about 5,000 letters of a very large group", async () => {
    await letters(Array.from({ length: 5_201 }, (_, n) => ({ n })));
    const { body } = await dryRun({});
    expect(body.isComplete).toBe(false);
    // On a slow machine, its time limit ends it earlier.
    expect(body.checked).toBeLessThanOrEqual(5_100);
  });

  test("400 for a patch that is none, and 404 for a group without an open letter", async () => {
    expect((await dryRun({ patch: [{ op: "set", path: "/a" }] })).status).toBe(400);
    expect((await dryRun({})).status).toBe(404);
  });
});
