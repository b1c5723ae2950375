import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ENGINE_RETRIES, tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

/** The error of each try, in order; a try without an error succeeds. `times` records when the tries ran. */
let meets: (Error | undefined)[] = [];
let times: number[] = [];
const ourOutage = () => new AppError("storage_unavailable", "away");
const itsOwn = () => new Error("the work's own");

const functions = ({ inngest, onFailure, clock, db }: Platform) => {
  const meet = async () => {
    times.push(clock.now().getTime());
    // As every piece of work it asks the database.
    const { error } = await db.rpc("newest_migration");
    if (error) throw new AppError("database_unavailable", "away");
    const met = meets.shift();
    if (met !== undefined) throw met;
  };
  return [
    inngest.createFunction(
      { id: "work-in-a-step", triggers: [{ event: "test/step" }], ...tries("image"), onFailure },
      async ({ step }) => {
        await step.run("before", () => "fine");
        await step.run("meet", meet);
      },
    ),
    inngest.createFunction(
      { id: "work-without-steps", triggers: [{ event: "test/plain" }], ...tries("image"), onFailure },
      meet,
    ),
  ];
};

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop({ functions });
});
afterEach(() => {
  Object.assign(shop.down, { database: false });
  [meets, times] = [[], []];
});
afterAll(() => shop.close());

const start = async (name: string, data: Record<string, unknown> = {}) => {
  const id = randomUUID();
  await shop.engine.send({ id, name, data });
  return id;
};
const lettersOf = async (id: string) =>
  (await shop.rows("select error_code, error_message from dead_letter_queue where event_id = $1", [id])).map(
    ({ error_code, error_message }) => error_code ?? error_message,
  );
const pauses = () => times.slice(1).map((at, n) => (at - (times[n] ?? 0)) / 1000);

describe.each([
  ["work-in-a-step", "test/step"],
  ["work-without-steps", "test/plain"],
])("%s", (functionId, event) => {
  test("the work's own failure is retried twice, 10 s apart, then becomes a dead letter", async () => {
    meets = [itsOwn(), itsOwn(), itsOwn()];
    const id = await start(event);
    await shop.engine.run(id, functionId);
    await shop.engine.idle();
    expect(pauses()).toEqual([10, 10]);
    expect(await lettersOf(id)).toEqual(["the work's own"]);
  });

  test("outages of our own services between the failures use up no retry, however many there are", async () => {
    meets = [itsOwn(), ...Array.from({ length: 8 }, ourOutage), itsOwn(), ourOutage(), undefined];
    const id = await start(event);
    expect((await shop.engine.run(id, functionId)).status).toBe("Completed");
    expect(times).toHaveLength(12);
  });

  test("the third failure of the work is the last, although outages came between", async () => {
    meets = [itsOwn(), ourOutage(), itsOwn(), ourOutage(), ourOutage(), itsOwn(), undefined];
    const id = await start(event);
    expect((await shop.engine.run(id, functionId)).status).toBe("Failed");
    await shop.engine.idle();
    expect(times).toHaveLength(6);
    expect(await lettersOf(id)).toEqual(["the work's own"]);
  });

  test("an error that no retry can help ends the run at once", async () => {
    meets = [new AppError("provider_rejected", "no")];
    const id = await start(event);
    expect((await shop.engine.run(id, functionId)).status).toBe("Failed");
    expect(times).toHaveLength(1);
  });

  test("an outage that outlasts the engine's retries becomes a dead letter that names it", async () => {
    meets = Array.from({ length: 30 }, ourOutage);
    const id = await start(event);
    await shop.engine.run(id, functionId, { within: "7d" });
    await shop.engine.idle();
    expect(times).toHaveLength(ENGINE_RETRIES + 1);
    expect(await lettersOf(id)).toEqual(["storage_unavailable"]);
  });

  test("a job that waits for its next try shows until when, and why", async () => {
    meets = [new AppError("provider_unavailable", "down")];
    const id = await start(event);
    await shop.engine.idle();
    const [{ id: jobId }] = await shop.rows("select id from jobs where event_id = $1", [id]);
    const { body } = await shop.call("GET", `/api/jobs/${jobId}`);
    expect(Date.parse(body.waitingUntil) - shop.engine.clock.now().getTime()).toBe(10_000);
    expect(body.timeline.at(-1)).toMatchObject({ type: "waiting", data: { code: "provider_unavailable" } });
    await shop.engine.run(id, functionId);
    expect((await shop.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
      status: "completed",
      waitingUntil: null,
    });
  });

  test("S3-7: a job with one attempt ends at its first own failure, not at an outage", async () => {
    meets = [ourOutage(), itsOwn(), undefined];
    const id = await start(event, { attempts: 1 });
    expect((await shop.engine.run(id, functionId)).status).toBe("Failed");
    expect(times).toHaveLength(2);
  });
});

test("a failed try that is recorded twice counts once", async () => {
  const note = async (attempt: number) =>
    (
      await shop.rows("select note_failed_try('run', 'step', $1, '{}', '[1]', null, now()) as n", [attempt])
    )[0].n;
  expect([await note(0), await note(0), await note(3), await note(3)]).toEqual([1, 1, 2, 2]);
});
