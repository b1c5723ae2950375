import { expect, test } from "vitest";
import { Journal } from "./journal.ts";
import { Notebook } from "./notebook.ts";
import { type Group, type Store, Unstorable } from "./store.ts";
import { runWith } from "./testkit-runs.ts";

function journalOn(commit: Store["commit"]) {
  const refused: unknown[] = [];
  const journal = new Journal({
    store: { load: () => Promise.reject(), commit, close: () => Promise.resolve() },
    notebook: new Notebook(),
    refused: (document) => refused.push(document),
  });
  return { journal, refused };
}

test("a document that the store cannot save is refused alone, and the rest of its group is committed", async () => {
  const committed: string[] = [];
  const { journal, refused } = journalOn(async ({ runs }) => {
    if (runs.some(({ id }) => id === "bad")) throw new Unstorable("bad");
    committed.push(...runs.map(({ id }) => id));
  });
  const bad = runWith({ id: "bad" });
  for (const run of [runWith({ id: "a" }), bad, runWith({ id: "b" })]) journal.runChanged(run);
  await journal.flush();
  expect([committed, refused]).toEqual([["a", "b"], [bad]]);
});

test("a failing store rejects all waiting callers, and their changes are in the next commit", async () => {
  let fails = true;
  const committed: string[] = [];
  const { journal } = journalOn(async ({ runs }) => {
    if (fails) throw new Error("disk full");
    committed.push(...runs.map(({ id }) => id));
  });
  journal.runChanged(runWith({ id: "a" }));
  await expect(journal.flush()).rejects.toThrow("disk full");
  fails = false;
  await journal.flush();
  expect(committed).toEqual(["a"]);
});

test("when the store fails while a refused group is committed in pieces, no piece is lost", async () => {
  let fails = true;
  const committed: string[] = [];
  const { journal, refused } = journalOn(async ({ runs }) => {
    if (runs.some(({ id }) => id === "bad")) throw new Unstorable("bad");
    if (fails) throw new Error("disk full");
    committed.push(...runs.map(({ id }) => id));
  });
  const bad = runWith({ id: "bad" });
  for (const run of [bad, runWith({ id: "a" }), runWith({ id: "b" })]) journal.runChanged(run);
  await expect(journal.flush()).rejects.toThrow("disk full");
  fails = false;
  await journal.flush();
  expect([committed.toSorted(), refused]).toEqual([["a", "b"], [bad]]);
});

test("an app that registers again before the commit is committed once, as it is now", async () => {
  const committed: Group["apps"][] = [];
  const { journal } = journalOn(async ({ apps }) => void committed.push(apps));
  const app = (url: string) => ({ id: "app", url, functions: [] });
  journal.appChanged(app("http://old.local"));
  journal.appChanged(app("http://new.local"));
  await journal.flush();
  expect(committed).toEqual([[app("http://new.local")]]);
});

test("after a failed commit, what was replaced or forgotten during it is not written again", async () => {
  const groups: Group[] = [];
  const { journal } = journalOn(async (group) => {
    groups.push(group);
    if (groups.length === 1) throw new Error("disk full");
  });
  const app = (url: string) => ({ id: "app", url, functions: [] });
  const run = runWith({ id: "run" });
  journal.appChanged(app("http://old.local"));
  journal.runChanged(run);
  const failed = journal.flush();
  journal.appChanged(app("http://new.local"));
  journal.forgetRun(run);
  await expect(failed).rejects.toThrow("disk full");
  await journal.flush();
  expect(groups[1]).toMatchObject({
    apps: [app("http://new.local")],
    runs: [],
    forgotten: { runs: ["run"] },
  });
});

test("the journal makes one commit at a time, and changes during it share the next commit", async () => {
  const groups: Group[] = [];
  const finish: (() => void)[] = [];
  const commit = (group: Group) => {
    groups.push(group);
    return new Promise<void>((resolve) => finish.push(resolve));
  };
  const { journal } = journalOn(commit);
  const safe: string[] = [];
  const change = (id: string) => {
    journal.runChanged(runWith({ id }));
    void journal.flush().then(() => safe.push(id));
  };
  change("a");
  change("b");
  change("c");
  expect(groups.map(({ runs }) => runs.map(({ id }) => id))).toEqual([["a"]]);
  finish[0]?.();
  await expect.poll(() => groups.length).toBe(2);
  expect(safe).toEqual(["a"]);
  expect(groups[1]?.runs.map(({ id }) => id)).toEqual(["b", "c"]);
  finish[1]?.();
  await expect.poll(() => safe).toEqual(["a", "b", "c"]);
});
