import { expect, test } from "vitest";
import { createRedact } from "#dead-letters/redact.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

const redact = createRedact({ "email/send.campaign": ["campaignId", "count", "people"] });

test("only the fields that are allowed for an event's type are shown", () => {
  expect(redact.event("email/send.campaign", { campaignId: "c1", count: 3, subject: "Dear Ada" })).toEqual({
    campaignId: "c1",
    count: 3,
  });
});

test("an allowed field with an object in it is not shown", () => {
  expect(redact.event("email/send.campaign", { people: [{ email: "ada@example.com" }] })).toEqual({});
});

test("an event type without allowed fields shows nothing", () => {
  expect(redact.event("user/signup", { userId: "u1", email: "ada@example.com" })).toEqual({});
});

test.each([
  ["mail to ada@example.com bounced", "mail to [address] bounced"],
  ['refused "Ada <ada.b+c@example.co.uk>"', 'refused "Ada <[address]>"'],
  ["key re_123456789abc is wrong", "key [key] is wrong"],
  ["token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl expired", "token [token] expired"],
  ["call +49 170 1234567 back", "call [number] back"],
])("personal data is masked: %s → %s", (text, masked) => expect(maskPersonal(text)).toBe(masked));

test.each([
  ["job 12345678-1234-4234-8234-123456789012", "job 12345678-1234-4234-8234-123456789012"],
  ["welcome-0170 1234567890", "welcome-[number]"],
])("a UUID is kept, a phone number is masked: %s → %s", (text, masked) =>
  expect(maskPersonal(text)).toBe(masked),
);

test("a text is cut after 500 characters", () => {
  expect(redact.text("x".repeat(10_000))).toHaveLength(500);
});
