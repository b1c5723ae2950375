import { expect, test } from "vitest";
import { ownStackFaults, recipients, refusedAddresses } from "#demo/content.ts";
import { faultsOf } from "#demo/verdict.ts";

const expected = { recipients, failed: refusedAddresses.length, deadLetters: ownStackFaults.deadLetters };
const good = {
  recipients: 1000,
  sent: 998,
  failed: 2,
  duplicates: 0,
  deadLetters: 2,
  reprocessed: 2,
  executions: 40,
  seconds: 20,
};
const badDay = { "200": 48, "401": 2, "429": 9, "503": 3 };

test("a demo with all expected troubles and a correct end has no fault", () => {
  expect(faultsOf(good, badDay, expected)).toEqual([]);
});

test("in a stack that already ran before, any number of dead letters is accepted, but at least one", () => {
  const any = { ...expected, deadLetters: undefined };
  expect(faultsOf({ ...good, deadLetters: 1, reprocessed: 1 }, badDay, any)).toEqual([]);
  expect(faultsOf({ ...good, deadLetters: 0, reprocessed: 0 }, badDay, any)).toHaveLength(1);
});

test.each([
  { verdict: { recipients: 800, sent: 798 }, says: "there were 800 recipients, not 1000" },
  { verdict: { sent: 990 }, says: "8 recipients are neither sent nor failed" },
  { verdict: { sent: 997, failed: 3 }, says: "3 failed, not 2" },
  { verdict: { duplicates: 1 }, says: "1 mails went out twice" },
  { verdict: { deadLetters: 0, reprocessed: 0 }, says: "there were 0 dead letters, not 2" },
  { verdict: { reprocessed: 1 }, says: "1 dead letters were not reprocessed" },
  { byStatus: { "429": 0 }, says: "the provider never said 429" },
  { byStatus: { "503": 0 }, says: "the provider never said 503" },
  { byStatus: { "401": 0 }, says: "the provider never said 401" },
])("the demo's verdict reports: $says", ({ verdict, byStatus, says }) => {
  expect(faultsOf({ ...good, ...verdict }, { ...badDay, ...byStatus }, expected)).toEqual([says]);
});
