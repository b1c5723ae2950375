import { expect, test } from "vitest";
import { rampage } from "./support/rampage.ts";

/** The short form; `npm run chaos` is the long one. */
const short = { recipients: 800, kills: 4 };

test("when the site is killed repeatedly, and the provider honors idempotency keys, every recipient gets one mail", async () => {
  const verdict = await rampage({ ...short, idempotent: true });
  expect(verdict).toMatchObject({
    kills: 4,
    delivered: 800,
    duplicates: 0,
    missing: 0,
    unknown: 0,
    falselySent: 0,
    unrecorded: 0,
    status: "completed",
    jobStatus: "completed",
  });
  expect(verdict.killsInFlight).toBeGreaterThanOrEqual(2);
}, 600_000);

test("when the site is killed repeatedly, and the provider ignores keys, no recipient gets two mails and each batch in doubt is unknown", async () => {
  const verdict = await rampage({ ...short, idempotent: false });
  expect(verdict).toMatchObject({
    kills: 4,
    duplicates: 0,
    missing: 0,
    falselySent: 0,
    unrecorded: 0,
    status: "completed",
    jobStatus: "completed",
  });
  expect(verdict.killsInFlight).toBeGreaterThanOrEqual(2);
  expect(verdict.unknown).toBeGreaterThan(0);
  // Only sends that were in flight at a kill may be unknown.
  expect(verdict.unknown).toBeLessThanOrEqual(verdict.mostInDoubt);
  expect(verdict.delivered).toBeGreaterThanOrEqual(800 - verdict.unknown);
}, 600_000);
