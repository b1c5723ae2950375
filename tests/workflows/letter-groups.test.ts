/** Groups of dead letters: one cause, one group, and one job that reprocesses or ignores it. */
import { randomUUID } from "node:crypto";
import { NonRetriableError } from "inngest";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprintOf } from "#dead-letters/failure.ts";
import { deadLetterFunctions } from "#dead-letters/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

/** What the work did, by the number in its event. */
const shipped: number[] = [];
let isMended = (_number: number) => true;
let isSlow = false;
let afterDatabase: ((path: string) => void) | undefined;
let shop: Workshop;

beforeEach(async () => {
  shipped.length = 0;
  isSlow = false;
  isMended = () => true;
  afterDatabase = undefined;
  shop = await workshop({
    env: { RELEASE: "3f2a1bc" },
    functions: (deps) => [
      ...deadLetterFunctions(deps),
      deps.inngest.createFunction(
        { id: "ship-order", triggers: [{ event: "test/order.paid" }], onFailure: deps.onFailure },
        async ({ event, step }) => {
          if (isSlow) await step.sleep("slow", "15m");
          return step.run("ship", () => {
            if (!isMended(event.data["number"])) throw new NonRetriableError("no lorry");
            shipped.push(event.data["number"]);
          });
        },
      ),
    ],
    afterDatabase: (path) => afterDatabase?.(path),
  });
});
afterEach(() => shop.close());

/** Open dead letters of one cause. */
async function letters(count: number, message: (n: number) => string = () => "no lorry", from = 0) {
  const made = Array.from({ length: count }, (_, n) => ({
    n: from + n,
    fingerprint: fingerprintOf("ship-order", "NonRetriableError", message(n), "ship"),
    message: message(n),
  }));
  await shop.rows(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_message,
       failed_at, alerted_at)
     select 'test/order.paid', jsonb_build_object('number', (l ->> 'n')::int), 'e' || (l ->> 'n'),
       'r' || (l ->> 'n'), 'ship-order', l ->> 'fingerprint', l ->> 'message',
       $2::timestamptz - ((l ->> 'n')::int % 600) * interval '1 minute',
       $2
     from jsonb_array_elements($1) as l`,
    [JSON.stringify(made), shop.engine.clock.now().toISOString()],
  );
  return made[0]?.fingerprint ?? "";
}
const groups = async (query = "") => (await shop.call("GET", `/api/dead-letters/groups${query}`)).body;
const group = async (fingerprint: string) =>
  (await shop.call("GET", `/api/dead-letters/groups/${fingerprint}`)).body;
const ask = (fingerprint: string, action: string, body: object = {}) =>
  shop.call("POST", `/api/dead-letters/groups/${fingerprint}/${action}`, body);
/** Housekeeping sends, every five minutes, the events that were not sent because of a kill or an outage. */
async function ended(jobId: string): Promise<{ status: string; result: unknown }> {
  for (let minutes = 0; minutes < 300; minutes += 5) {
    const { status, body } = await shop.call("GET", `/api/jobs/${jobId}`);
    expect(status).toBe(200);
    if (["completed", "failed", "canceled"].includes(body.status)) return body;
    await shop.engine.advance("5m");
    await shop.app.keepHouse();
    await shop.engine.idle();
  }
  throw new Error("The job does not end");
}
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("groups", () => {
  test("5,000 letters of seven causes are seven groups, whatever ids, numbers, addresses and lines they name", async () => {
    const causes: ((n: number) => string)[] = [
      (n) => `order ${n} of u${n}@example.com failed`,
      (n) => `the mailbox of customer ${randomUUID()} is full (${n})`,
      (n) => `connect ECONNREFUSED 10.0.${n % 255}.1:${5000 + n}`,
      (n) => `cannot read ship.ts:${n}:${n % 80}`,
      (n) => `https://api.example.com/orders/${n} answered 503`,
      (n) => `lorry lor_${n.toString(36)}7x is away`,
      () => "no driver",
    ];
    const sizes = [1000, 1000, 1000, 1000, 500, 400, 100];
    let from = 0;
    for (const [index, cause] of causes.entries()) {
      const size = sizes[index] ?? 0;
      await letters(size, cause, from);
      from += size;
    }
    const { items, total } = await groups("?status=failed");
    expect(total).toBe(7);
    const sizeOf = (one: { counts: { open: number } }) => one.counts.open;
    expect(items.map(sizeOf).toSorted((a: number, b: number) => b - a)).toEqual(sizes);
    for (const { hourly, counts } of items) {
      expect(hourly).toHaveLength(24);
      // All failed in the last ten hours.
      expect(hourly.reduce((sum: number, count: number) => sum + count, 0)).toBe(counts.total);
      expect(hourly.slice(0, 13)).toEqual(Array.from({ length: 13 }, () => 0));
    }
    expect((await groups("?limit=2")).items).toHaveLength(2);
  });

  test("the code and the words of a message make different groups", () => {
    const print = (code: string, message: string) => fingerprintOf("ship-order", code, message);
    expect(print("internal", "no lorry")).not.toBe(print("internal", "no driver"));
    expect(print("internal", "no lorry")).not.toBe(print("conflict", "no lorry"));
  });
});

describe("a job that reprocesses a group", () => {
  test("does the work of each letter once, and leaves other groups alone", async () => {
    const fingerprint = await letters(60);
    await letters(3, () => "no driver", 1000);
    const { status, body } = await ask(fingerprint, "reprocess", { atOnce: 20 });
    expect(status).toBe(202);
    expect(await ended(body.jobId)).toMatchObject({ status: "completed", result: { reprocessed: 60 } });
    await shop.engine.idle();
    expect(shipped.toSorted((a, b) => a - b)).toEqual(numbers(60));
    expect((await group(fingerprint)).counts).toMatchObject({ open: 0, reprocessed: 60, completed: 60 });
    const [handled] = await shop.rows(
      "select distinct handled_by from dead_letter_queue where group_job_id = $1",
      [body.jobId],
    );
    expect(handled.handled_by).toMatch(/^key:/);
    expect((await groups("?status=failed")).items.map((one: { function: string }) => one.function)).toEqual([
      "ship-order",
    ]);
  });

  test("killed after each of its statements, it does each letter's work once", async () => {
    const fingerprint = await letters(40);
    let kills = 0;
    afterDatabase = (path) => {
      // The statement has had its effect; every second answer is lost.
      if (path.endsWith("/work_letter_group") && kills++ % 2 === 0) throw new TypeError("fetch failed");
    };
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 8 });
    expect(await ended(body.jobId)).toMatchObject({ status: "completed" });
    await shop.engine.idle();
    expect(kills).toBeGreaterThan(4);
    expect(shipped.toSorted((a, b) => a - b)).toEqual(numbers(40));
  });

  test("halts when more have failed again than its limit, at most one window of letters later", async () => {
    const fingerprint = await letters(100);
    isMended = () => false;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 10, haltAfter: 5 });
    const { status, result } = await ended(body.jobId);
    expect(status).toBe("completed");
    const after = await group(fingerprint);
    const { reprocessed } = after.counts;
    // A letter that fails early makes room for another one: six failures, and at most ten beside the sixth.
    expect(reprocessed).toBeGreaterThanOrEqual(6);
    expect(reprocessed).toBeLessThanOrEqual(15);
    expect(result).toMatchObject({ halted: true, skipped: 100 - reprocessed });
    // Those that failed again are new letters of the same group.
    expect(after.counts).toMatchObject({ open: 100, failedAgain: reprocessed });
    expect(after.job).toMatchObject({ action: "reprocess", status: "completed" });
    expect(after.job.haltedAt).not.toBeNull();
  });

  test("sends a canary first, and halts when one of it fails again", async () => {
    const fingerprint = await letters(50);
    // The first letter that is sent is the oldest.
    isMended = (number) => number !== 49;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 20, haltAfter: 5, canary: 3 });
    expect(await ended(body.jobId)).toMatchObject({
      status: "completed",
      result: { halted: true, reprocessed: 3, skipped: 47 },
    });
    const after = await group(fingerprint);
    expect(after.counts).toMatchObject({ reprocessed: 3, completed: 2, failedAgain: 1, open: 48 });
    expect(after.job).toMatchObject({ canary: 3, haltedAt: expect.any(String) });
  });

  test("halts when one of the canary was canceled, because the cause may still be there", async () => {
    const fingerprint = await letters(50);
    isSlow = true;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 20, canary: 3 });
    await shop.engine.advance("10m");
    const [canary] = await shop.rows("select id from jobs where function_id = 'ship-order' limit 1");
    expect((await shop.call("DELETE", `/api/jobs/${canary?.["id"]}`)).status).toBe(202);
    expect(await ended(body.jobId)).toMatchObject({ result: { reprocessed: 3, skipped: 47 } });
    const after = await group(fingerprint);
    expect(after.counts).toMatchObject({ reprocessed: 3, failedAgain: 0, open: 47 });
    expect(after.job.haltedAt).not.toBeNull();
  });

  test("sends the rest when the canary has passed, and not before", async () => {
    const fingerprint = await letters(50);
    isSlow = true;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 20, canary: 3 });
    await shop.engine.advance("10m");
    expect((await group(fingerprint)).counts).toMatchObject({ reprocessed: 3, open: 47 });
    expect(await ended(body.jobId)).toMatchObject({ status: "completed", result: { reprocessed: 50 } });
    await shop.engine.advance("2h");
    await shop.engine.idle();
    expect(shipped).toHaveLength(50);
  });

  test("some failures below the limit do not halt it", async () => {
    const fingerprint = await letters(30);
    isMended = (number) => number % 10 !== 0;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 10, haltAfter: 3 });
    const job = await ended(body.jobId);
    expect(job).toMatchObject({
      status: "completed",
      result: { reprocessed: 30 },
      error: null,
    });
    expect(job.result).not.toHaveProperty("halted");
    await shop.engine.idle();
    expect(shipped).toHaveLength(27);
    const after = await group(fingerprint);
    expect(after.job.haltedAt).toBeNull();
    expect(after.counts).toMatchObject({ open: 3, completed: 27, failedAgain: 3 });
  });

  test("many operators at once make one job, and meanwhile a different request is refused", async () => {
    const fingerprint = await letters(20);
    shop.down.engine = true;
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(fingerprint, "reprocess")));
    const [jobId, ...others] = new Set(answers.map(({ body }) => body.jobId));
    expect(others).toEqual([]);
    for (const [action, work] of [
      ["ignore", { note: "known" }],
      ["reprocess", { canary: 1 }],
      ["reprocess", { atOnce: 1 }],
      ["reprocess", { haltAfter: 1 }],
    ] as const) {
      const { status, body } = await ask(fingerprint, action, work);
      expect({ status, code: body.code }).toEqual({ status: 409, code: "conflict" });
    }
    shop.down.engine = false;
    await ended(jobId);
    await shop.engine.idle();
    expect(shipped.toSorted((a, b) => a - b)).toEqual(numbers(20));
  });

  test("leaves a letter alone that failed after the request, before its run began", async () => {
    const fingerprint = await letters(3);
    shop.down.engine = true;
    const { body } = await ask(fingerprint, "reprocess");
    await shop.engine.advance("1m");
    await letters(1, () => "no lorry", 600);
    shop.down.engine = false;
    expect(await ended(body.jobId)).toMatchObject({ status: "completed", result: { reprocessed: 3 } });
    expect((await group(fingerprint)).counts).toMatchObject({ open: 1, reprocessed: 3 });
    expect(shipped).not.toContain(600);
  });

  test("stops when it is canceled: the rest stays open", async () => {
    const fingerprint = await letters(30);
    isSlow = true;
    const { body } = await ask(fingerprint, "reprocess", { atOnce: 4 });
    await shop.engine.advance("10m");
    expect((await group(fingerprint)).counts.reprocessed).toBe(4);
    expect((await shop.call("DELETE", `/api/jobs/${body.jobId}`)).status).toBe(202);
    await shop.engine.advance("5h");
    await shop.engine.idle();
    const { counts, job } = await group(fingerprint);
    expect(job.status).toBe("canceled");
    // What was at work goes on.
    expect(counts).toMatchObject({ open: 26, reprocessed: 4, completed: 4 });
  });
});

test("a job that ignores a group writes the reason on each letter", async () => {
  const fingerprint = await letters(450);
  const { body } = await ask(fingerprint, "ignore", { note: "the shop is closed" });
  expect(await ended(body.jobId)).toMatchObject({ status: "completed", result: { ignored: 450 } });
  expect(
    await shop.rows("select status, note, count(*)::int as n from dead_letter_queue group by 1, 2"),
  ).toEqual([{ status: "ignored", note: "the shop is closed", n: 450 }]);
  expect(shipped).toEqual([]);
});

test.each([
  ["reprocess", {}],
  ["ignore", { note: "none" }],
])("404: a group without an open letter has nothing to %s", async (action, asked) => {
  expect((await ask("2-0000000000000000", action, asked)).status).toBe(404);
  expect((await shop.call("GET", "/api/dead-letters/groups/2-0000000000000000")).status).toBe(404);
});

test("letters of scheduled runs can be ignored, and not reprocessed", async () => {
  const fingerprint = await letters(2);
  await shop.rows("update dead_letter_queue set event_name = 'inngest/scheduled.timer'");
  expect((await ask(fingerprint, "reprocess")).status).toBe(404);
  expect((await ask(fingerprint, "ignore", { note: "its next tick works" })).status).toBe(202);
});

describe("a cause that was fixed and comes back", () => {
  const fail = async (number: number) => {
    isMended = () => false;
    await shop.app.inngest.send({ name: "test/order.paid", data: { number } });
    await shop.engine.advance("1m");
    await shop.engine.idle();
  };
  /** Its run fails with this fingerprint, which the letters of this test must have. */
  async function firstFailure() {
    await fail(1);
    const [only] = (await groups("?status=failed")).items;
    return only;
  }

  test("reopens its group, which names the deploy", async () => {
    const first = await firstFailure();
    expect(first.reopened).toBeNull();
    await fail(2);
    expect((await group(first.fingerprint)).reopened).toBeNull();
    isMended = () => true;
    const { body } = await ask(first.fingerprint, "reprocess");
    await ended(body.jobId);
    await shop.engine.idle();
    expect((await group(first.fingerprint)).counts).toMatchObject({ open: 0, completed: 2 });
    expect((await group(first.fingerprint)).reopened).toBeNull();
    await fail(3);
    await fail(4);
    const [newest, back] = (await shop.call("GET", "/api/dead-letters?status=failed")).body.items;
    expect(back).toMatchObject({ release: "3f2a1bc", reopens: true });
    expect(newest).toMatchObject({ release: "3f2a1bc", reopens: false });
    const { reopened } = await group(first.fingerprint);
    expect(reopened.release).toBe("3f2a1bc");
    expect(Date.parse(reopened.at)).toBe(Date.parse(back.failedAt));
  });

  test("an ignored cause reopens, too", async () => {
    const first = await firstFailure();
    await ended((await ask(first.fingerprint, "ignore", { note: "known" })).body.jobId);
    await fail(2);
    expect((await group(first.fingerprint)).reopened).toMatchObject({ release: "3f2a1bc" });
  });

  test("a reprocessing that fails does not reopen it: it was not fixed", async () => {
    const first = await firstFailure();
    const { body } = await ask(first.fingerprint, "reprocess");
    await ended(body.jobId);
    await shop.engine.idle();
    const after = await group(first.fingerprint);
    expect(after.counts).toMatchObject({ open: 1, failedAgain: 1 });
    expect(after.reopened).toBeNull();
  });
});
