import { expect, test } from "vitest";
import { AppError, codeOf } from "#lib/errors.ts";
import type { Arrival } from "#webhooks/repository.ts";
import { createStoreTogether } from "#webhooks/store-together.ts";

const arrival = (id: string, body = "{}"): Arrival => ({ webhook: { id, body }, request: null });
const jobOf = (id: string) => ({ id, event_name: "webhook/received", event_data: {}, released_at: null });

/** A store whose statements are under way until the test ends them, with the ids of each statement. */
function heldStore() {
  const statements: string[][] = [];
  const ends: Statement[] = [];
  const store = createStoreTogether({
    receive: async (arrivals) => {
      const ids = arrivals.map(({ webhook }) => webhook.id);
      statements.push(ids);
      await new Promise<void>((commit, fail) => ends.push({ commit, fail }));
      return ids.filter((id) => !id.startsWith("duplicate")).map(jobOf);
    },
  });
  return { store, statements, ends };
}
type Statement = { commit: () => void; fail: (error: Error) => void };
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("webhooks that arrive while a statement is under way share the next one", async () => {
  const { store, statements, ends } = heldStore();
  const stored = ["a", "b", "duplicate", "c"].map((id) => store(arrival(id)));
  expect(statements).toEqual([["a"]]);
  ends[0]?.commit();
  expect(await stored[0]).toEqual(jobOf("a"));
  await settled();
  expect(statements).toEqual([["a"], ["b", "duplicate", "c"]]);
  ends[1]?.commit();
  expect(await Promise.all(stored)).toEqual([jobOf("a"), jobOf("b"), undefined, jobOf("c")]);
});

test("a webhook is answered only after its own statement has committed", async () => {
  const { store, ends } = heldStore();
  const answered: string[] = [];
  const stored = ["a", "b"].map((id) => store(arrival(id)).then(() => answered.push(id)));
  ends[0]?.commit();
  await settled();
  expect(answered).toEqual(["a"]);
  ends[1]?.commit();
  await Promise.all(stored);
  expect(answered).toEqual(["a", "b"]);
});

test("a statement stores at most 50 webhooks, and about 1,000,000 characters", async () => {
  const { store, statements, ends } = heldStore();
  const large = "x".repeat(600_000);
  const stored = [store(arrival("first"))];
  for (let n = 0; n < 60; n++) stored.push(store(arrival(`small-${n}`)));
  for (const id of ["large-1", "large-2", "large-3"]) stored.push(store(arrival(id, large)));
  for (let n = 0; n < 5; n++) {
    ends[n]?.commit();
    await settled();
  }
  expect(statements.map((ids) => ids.length)).toEqual([1, 50, 11, 1, 1]);
  await Promise.all(stored);
});

test("while 1,000 webhooks wait, the next is refused, and the others are stored", async () => {
  const { store, ends } = heldStore();
  const stored = Array.from({ length: 1_002 }, (_, n) => store(arrival(`${n}`)));
  const refused = stored.pop()?.catch(codeOf);
  ends[0]?.commit();
  await settled();
  stored.push(store(arrival("later")));
  for (let n = 1; n <= 21; n++) {
    ends[n]?.commit();
    await settled();
  }
  expect(await Promise.all(stored)).toHaveLength(1_002);
  expect(await refused).toBe("database_unavailable");
});

test("while 32,000,000 characters wait, the next webhook is refused, until some are stored or have failed", async () => {
  const { store, ends } = heldStore();
  const large = "x".repeat(4_000_000);
  const outcome = (id: string, body = large) => store(arrival(id, body)).then(() => "stored", codeOf);
  const many = (count: number) => Array.from({ length: count }, (_, n) => outcome(`${n}`));
  const alike = <T>(count: number, value: T) => Array.from({ length: count }, () => value);
  // The first webhook is being stored, and eight wait.
  const waiting = many(9);
  const next = outcome("next", "{}");
  expect(await Promise.race([next, settled()])).toBe("database_unavailable");
  ends[0]?.commit();
  await settled();
  waiting.push(outcome("has room"));
  ends[1]?.fail(new AppError("database_unavailable", "no answer"));
  expect(await Promise.all(waiting)).toEqual(["stored", ...alike(9, "database_unavailable")]);
  const later = many(9);
  for (let n = 2; n < 11; n++) {
    ends[n]?.commit();
    await settled();
  }
  expect(await Promise.all(later)).toEqual(alike(9, "stored"));
});

test("a webhook that cannot be stored fails alone", async () => {
  const statements: string[][] = [];
  const store = createStoreTogether({
    receive: async (arrivals) => {
      const ids = arrivals.map(({ webhook }) => webhook.id);
      statements.push(ids);
      await settled();
      if (ids.includes("bad")) throw new AppError("internal", "a row is refused");
      return ids.map(jobOf);
    },
  });
  const stored = ["a", "b", "bad", "c"].map((id) => store(arrival(id)));
  const outcomes = await Promise.allSettled(stored);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(statements).toEqual([["a"], ["b", "bad", "c"], ["b"], ["bad"], ["c"]]);
});

test("when the database cannot be reached, the webhooks that wait fail too, and later ones are stored", async () => {
  const { store, statements, ends } = heldStore();
  const stored = ["a", "b", "c"].map((id) => store(arrival(id)));
  ends[0]?.fail(new AppError("database_unavailable", "no answer"));
  const outcomes = await Promise.allSettled(stored);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(statements).toEqual([["a"]]);
  const later = store(arrival("later"));
  ends[1]?.commit();
  expect(await later).toEqual(jobOf("later"));
});
