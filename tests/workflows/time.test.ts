import { randomUUID } from "node:crypto";
import { eventType } from "inngest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type JobOptions, request } from "#jobs/request.ts";
import { patienceOf, remainingMs } from "#lib/engine/deadline.ts";
import { cancelOfThisJob } from "#lib/engine/flow-control.ts";
import { queueJob } from "#lib/engine/priorities.ts";
import { AppError } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";
import type { Platform } from "#platform.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const walkRequested = eventType("test/walk", { schema: z.object({}) });
const tripRequested = eventType("test/trip", { schema: z.object({}) });
const operator: Requester = { id: "key:test", role: "admin", owner: "operator" };

const done: string[] = [];
const trips: { id: string; at: number }[] = [];

let platform: Platform | undefined;
const outbox = () => platform?.outbox ?? { flush: () => Promise.reject(new Error("no platform yet")) };

const functions = ({ inngest, onFailure, clock }: Platform) => [
  inngest.createFunction(
    { id: "walk", triggers: [walkRequested], retries: 3, onFailure, cancelOn: cancelOfThisJob("walk") },
    async ({ event, step }) => {
      await step.run("first", () => void done.push(`${event.id} first`));
      await step.sleep("rest", "10m");
      await step.run("second", () => void done.push(`${event.id} second`));
      return { walked: true };
    },
  ),
  inngest.createFunction(
    { id: "stumble", triggers: [{ event: "test/stumble" }], retries: 3, onFailure },
    async ({ event, step }) => {
      await step.run("fall", () => {
        done.push(`${event.id} fell`);
        throw new AppError("provider_rate_limited", "later", { retryAfterMs: 10 * 60_000 });
      });
    },
  ),
  inngest.createFunction(
    { id: "trip", triggers: [tripRequested], retries: 5, onFailure },
    async ({ event, step }) => {
      await step.run("fall", () => {
        trips.push({ id: event.id, at: clock.now().getTime() });
        throw new Error("fell");
      });
    },
  ),
  inngest.createFunction(
    { id: "give-up", triggers: [{ event: "test/give-up" }], retries: 3, onFailure },
    async ({ event, step }) => {
      await step.run("ask", () => {
        done.push(`${event.id} asked`);
        throw new AppError("deadline_passed", "nobody waits any more");
      });
      await step.run("second", () => void done.push(`${event.id} second`));
    },
  ),
  inngest.createFunction(
    { id: "have-no-steps", triggers: [{ event: "test/plain" }], retries: 3, onFailure },
    async ({ event }) => {
      done.push(`${event.id} tried`);
      throw new AppError("provider_rate_limited", "later", { retryAfterMs: 10 * 60_000 });
    },
  ),
  inngest.createFunction(
    { id: "fan-out", triggers: [{ event: "test/many" }], retries: 0, onFailure },
    async ({ event, step }) => {
      await step.sleep("rest", "10m");
      await Promise.all(["a", "b"].map((id) => step.run(id, () => void done.push(`${event.id} ${id}`))));
    },
  ),
];

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await workshop({
      ...mode,
      functions: (given) => {
        platform = given;
        return functions(given);
      },
    });
    // Ahead of the machine's clock, so that a future time of the test is not the machine's present.
    await shop.engine.advance("1h");
  });
  afterAll(() => shop.close());

  const fromNow = (minutes: number) => new Date(shop.engine.clock.now().getTime() + minutes * 60_000);
  const doneOf = (id: string) => done.filter((line) => line.startsWith(id)).map((line) => line.slice(37));
  const jobOf = async (id: string) =>
    (await shop.rows("select status, result, priority from jobs where event_id = $1", [id]))[0];
  /** Accepts a `walk` through the ledger, as rooms do. */
  async function accept(options: JobOptions) {
    if (!platform) throw new Error("the workshop gave no platform");
    const job = await platform.jobs.accept(
      request(walkRequested, {}, { ...options, requester: operator, key: undefined, functionId: "walk" }),
    );
    return job.id;
  }

  describe("S4-53: work whose deadline has passed is skipped", () => {
    const skipped = { status: "skipped", result: { status: "skipped", reason: "deadline_passed" } };
    async function send(name: string, deadlineAt: Date) {
      const id = randomUUID();
      await shop.engine.send({ id, name, data: { deadlineAt: deadlineAt.toISOString() } });
      return id;
    }

    test("before the run begins", async () => {
      const id = await send("test/walk", fromNow(-1));
      expect((await shop.engine.run(id, "walk")).status).toBe("Completed");
      expect(doneOf(id)).toEqual([]);
      expect(await jobOf(id)).toMatchObject(skipped);
    });

    test("before the first attempt and before a retry of a function without steps", async () => {
      const [late, inTime] = [await send("test/plain", fromNow(-1)), await send("test/plain", fromNow(15))];
      for (const id of [late, inTime]) {
        await shop.engine.run(id, "have-no-steps");
        expect(await jobOf(id)).toMatchObject(skipped);
      }
      expect([doneOf(late), doneOf(inTime)]).toEqual([[], ["tried", "tried"]]);
    });

    test("between two steps", async () => {
      const id = await send("test/walk", fromNow(5));
      await shop.engine.run(id, "walk");
      expect(doneOf(id)).toEqual(["first"]);
      expect(await jobOf(id)).toMatchObject(skipped);
    });

    test("before parallel steps", async () => {
      const id = await send("test/many", fromNow(5));
      await shop.engine.run(id, "fan-out");
      expect(doneOf(id)).toEqual([]);
      expect(await jobOf(id)).toMatchObject(skipped);
    });

    test("before a retry, without a dead letter", async () => {
      const id = await send("test/stumble", fromNow(15));
      await shop.engine.run(id, "stumble");
      expect(doneOf(id)).toEqual(["fell", "fell"]);
      expect(await jobOf(id)).toMatchObject(skipped);
      expect(await shop.rows("select from dead_letter_queue where event_id = $1", [id])).toEqual([]);
    });

    test("during a step that gives up because of the deadline, without a dead letter", async () => {
      const id = await send("test/give-up", fromNow(5));
      await shop.engine.run(id, "give-up");
      expect(doneOf(id)).toEqual(["asked"]);
      expect(await jobOf(id)).toMatchObject(skipped);
      expect(await shop.rows("select from dead_letter_queue where event_id = $1", [id])).toEqual([]);
    });

    test("but not when it completes in time or its deadline is invalid", async () => {
      const intime = await send("test/walk", fromNow(11));
      const odd = randomUUID();
      await shop.engine.send({ id: odd, name: "test/walk", data: { deadlineAt: "tomorrow" } });
      for (const id of [intime, odd]) {
        await shop.engine.run(id, "walk");
        expect((await jobOf(id)).status).toBe("completed");
      }
    });

    test("a call may take the time until the deadline, if that is shorter than its own limit", () => {
      const now = new Date("2026-11-01T12:00:00Z");
      expect(remainingMs({ deadlineAt: "2026-11-01T12:00:05Z" }, now)).toBe(5000);
      expect(remainingMs({ deadlineAt: "2026-11-01T11:00:00Z" }, now)).toBe(0);
      expect(remainingMs({}, now)).toBe(Infinity);
      expect(patienceOf(45_000, 5000)).toEqual({ ms: 5000, code: "deadline_passed" });
      for (const leftMs of [45_000, 90_000, Infinity])
        expect(patienceOf(45_000, leftMs)).toEqual({ ms: 45_000, code: "provider_timeout" });
    });
  });

  test.each([
    [{ attempts: 3, backoffMs: 1000 }, [1000, 2000], 3],
    [{ attempts: 1 }, [], 1],
    [{ backoffMs: 60_000 }, [60_000, 120_000, 240_000, 480_000, 960_000], 6],
  ])(
    "S3-7: %j: a failing job is retried after pauses of %j ms, then becomes a dead letter",
    async (options, pauses, tried) => {
      if (!platform) throw new Error("the workshop gave no platform");
      const { id } = await platform.jobs.accept(
        request(tripRequested, {}, { ...options, requester: operator, key: undefined, functionId: "trip" }),
      );
      await shop.engine.run(id, "trip");
      await shop.engine.idle();
      const times = trips.filter((trip) => trip.id === id).map(({ at }) => at);
      expect(times.slice(1).map((at, n) => at - (times[n] ?? 0))).toEqual(pauses);
      expect(await jobOf(id)).toMatchObject({ status: "failed" });
      const letters = await shop.rows("select attempts from dead_letter_queue where event_id = $1", [id]);
      expect(letters).toEqual([{ attempts: tried }]);
    },
  );

  describe("delayed work", () => {
    const startOf = async (id: string) =>
      (await shop.rows("select started_at from jobs where id = $1", [id]))[0].started_at as Date | null;

    test("S3-7: begins five seconds later and not sooner", async () => {
      const asked = shop.engine.clock.now().getTime();
      const id = await accept({ delayMs: 5000, priority: 1 });
      await outbox().flush();
      await shop.engine.advance("4s");
      expect(await startOf(id)).toBeNull();
      await shop.engine.run(id, "walk");
      expect((await startOf(id))?.getTime()).toBe(asked + 5000);
    });

    test("with a delay of 24 hours is sent by housekeeping shortly before, and begins on time", async () => {
      const asked = shop.engine.clock.now().getTime();
      const id = await accept({ delayMs: 86_400_000 });
      const sentAt = async () => (await shop.rows("select sent_at from jobs where id = $1", [id]))[0].sent_at;
      await outbox().flush();
      await shop.engine.advance("23h");
      await shop.app.keepHouse();
      expect(await sentAt()).toBeNull();
      await shop.engine.advance("55m");
      await shop.app.keepHouse();
      expect(await sentAt()).not.toBeNull();
      expect(await startOf(id)).toBeNull();
      await shop.engine.run(id, "walk");
      expect((await startOf(id))?.getTime()).toBe(asked + 86_400_000);
    });

    test("that is canceled during its delay never begins, whether it was sent or not", async () => {
      const ids = [await accept({ delayMs: 60_000 }), await accept({ delayMs: 3_600_000 })];
      await outbox().flush();
      for (const id of ids) expect((await shop.call("DELETE", `/api/jobs/${id}`)).status).toBe(202);
      await shop.engine.advance("55m");
      await shop.app.keepHouse();
      await shop.engine.advance("10m");
      for (const id of ids) expect([doneOf(id), await startOf(id)]).toEqual([[], null]);
    });
  });

  test("app code can set the priority of an event by name", async () => {
    const event = queueJob("test/walk", { to: "moon" }, "critical");
    expect(event).toEqual({ name: "test/walk", data: { to: "moon", priority: 1 } });
    expect(queueJob("test/walk", {}).data).toEqual({ priority: 3 });
    const id = randomUUID();
    await shop.engine.send({ id, ...event });
    await shop.engine.run(id, "walk");
    expect(await jobOf(id)).toMatchObject({ status: "completed", priority: 1 });
  });
});
