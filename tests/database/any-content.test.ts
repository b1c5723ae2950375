/**
 * Recording never fails because of its content: events of app code, results and errors may contain any JavaScript
 * value.
 */
import { randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toFailure } from "#dead-letters/failure.ts";
import { deadLetterRepository } from "#dead-letters/repository.ts";
import { jobRepository } from "#jobs/repository.ts";
import { systemClock } from "#lib/clock.ts";
import { createDatabase } from "#lib/database/client.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let jobs: ReturnType<typeof jobRepository>;
let letters: ReturnType<typeof deadLetterRepository>;
beforeAll(async () => {
  db = await freshDatabase();
  const client = createDatabase(db.env, db.fetch);
  jobs = jobRepository(client, systemClock);
  letters = deadLetterRepository(client, systemClock);
});
afterAll(() => db.close());

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom("a\0b", "\ud83d", "\udc4d👍", String.raw`\u0000`, "\0".repeat(10_000), "x".repeat(100_000)),
  // Too long for an entry of an index, even after Postgres has compressed it.
  fc.constant(randomBytes(4_000).toString("hex")),
);
const value = fc.anything({ key: text, values: [text, fc.double(), fc.bigInt()], maxDepth: 3 });
const eventId = fc.oneof(
  fc.uuid(),
  text.map((odd) => `${randomUUID()}${odd}`),
);
const nested = fc.nat({ max: 20_000 }).map((depth) => {
  let deep: unknown = null;
  for (let n = 0; n < depth; n++) deep = { deep };
  return deep;
});
const statusOf = async (id: string | null) =>
  (await db.sql.query("select status from jobs where id = $1", [id])).rows[0]?.status;

const begin = async (id: string, name: string, data: unknown) => {
  const run = { eventId: id, functionId: "walk", runId: randomUUID() };
  const { jobId } = await jobs.startRun({
    ...run,
    eventName: name,
    eventData: data,
    attempt: 0,
    parentJobId: undefined,
  });
  return { run, jobId };
};

test("any event can begin, and any result completes its job", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      eventId,
      text,
      fc.oneof(value, nested),
      fc.oneof(value, nested),
      async (id, name, data, result) => {
        const { run, jobId } = await begin(id, name, data);
        await jobs.finishRun(run, result);
        expect(await statusOf(jobId)).toBe("completed");
      },
    ),
    { numRuns: 100 },
  );
});

test("any failure becomes a dead letter, and its job fails", { timeout: 120_000 }, async () => {
  const failure = fc.record({ name: text, message: text, stack: text, cause: value });
  await fc.assert(
    fc.asyncProperty(
      eventId,
      text,
      fc.oneof(value, nested),
      fc.oneof(failure, value),
      async (id, name, data, error) => {
        const { run, jobId } = await begin(id, name, data);
        const news = { function_id: "walk", run_id: run.runId, error, event: { id, name, data } };
        expect(await letters.record(toFailure(news, () => 3))).toEqual(expect.any(String));
        expect(await statusOf(jobId)).toBe("failed");
      },
    ),
    { numRuns: 100 },
  );
});
