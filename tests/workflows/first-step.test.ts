import { startEngine } from "@nightshift/local/engine/testkit.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { APP_ID } from "#lib/engine/inngest.ts";
import { ALL_PRIORITIES, PRIORITIES, type Priority } from "#lib/engine/priorities.ts";
import { testEnv } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

/** The longest first delay of Inngest's own retries. */
const RETRY_MS = 45_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

const invoked = z.object({ id: z.string() });
type Run = { id: string; attempts: number[] };

/**
 * Registers the product's functions on an idle engine, starts each with work of this class, and returns when the
 * attempts of each function began, in ms after the event. The functions do not run: the first call is answered with an
 * error, the second with a result.
 */
async function attemptsOfAll(priority: Priority): Promise<Run[]> {
  const env = testEnv(database, { PLAN: "pro" });
  const answered = new Set<string>();
  const answer = (url: string) => {
    const headers = { "x-inngest-sdk": "js:test", "x-inngest-no-retry": "false" };
    const isFirst = !answered.has(url);
    answered.add(url);
    return Response.json(isFirst ? { name: "Error", message: "first" } : null, {
      status: isFirst ? 500 : 200,
      headers,
    });
  };
  const engine = await startEngine({
    app: async (request) => (request.method === "PUT" ? app.doors.inngest(request) : answer(request.url)),
  });
  const app = createApp(env, { fetch: database.fetch, clock: engine.clock }, allFunctions);
  const runs: Run[] = [];
  for (const fn of app.functions) {
    const sentAt = engine.clock.now().getTime();
    const response = await engine.fetch(`${engine.url}/invoke/${fn.id(APP_ID)}`, {
      method: "POST",
      body: JSON.stringify({ data: { priority } }),
    });
    const run = await engine.run(invoked.parse(await response.json()).id, fn.id());
    const attempts = engine.history(run.id).filter(({ what }) => what === "called");
    runs.push({ id: fn.id(), attempts: attempts.map(({ at }) => at - sentAt) });
  }
  await engine.close();
  return runs;
}

describe("on an idle engine every function begins within the promise of its priority", () => {
  test.each(ALL_PRIORITIES)(
    "P%i, and a retry starts no later than the engine's schedule of retries says",
    async (priority) => {
      const runs = await attemptsOfAll(priority);
      expect(runs.length).toBeGreaterThan(5);
      const { promiseMs } = PRIORITIES[priority];
      const late = runs.filter(({ attempts: [first = Number.NaN, second = Number.NaN] }) => {
        const inTime = first <= (promiseMs ?? 1_000) && second - first <= RETRY_MS;
        return !inTime;
      });
      expect(late).toEqual([]);
    },
  );
});
