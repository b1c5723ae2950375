import { expect, test } from "vitest";
import { classify } from "#webhooks/resend-handler.ts";

test.each([
  ["Permanent", "General", "550 5.1.1 no such user", "bounced"],
  ["Permanent", "NoEmail", undefined, "bounced"],
  [undefined, undefined, undefined, "bounced"],
  ["Transient", "MailboxFull", "452 4.2.2 full", "soft_bounced"],
  ["Transient", "General", "451 4.7.1 greylisted, try again", "soft_bounced"],
  ["Undetermined", "Undetermined", undefined, "soft_bounced"],
  ["Permanent", "General", "550-5.7.26 This mail is unauthenticated", "refused"],
  ["Permanent", "General", "550 5.7.1 SPF fail", "refused"],
  ["Transient", "ContentRejected", "554 5.7.509 DMARC", "refused"],
  ["Permanent", "General", "host 15.7.1.2 said: 550 5.1.1", "bounced"],
])("a bounce of %s, %s, %s is %s", (type, subType, message, outcome) => {
  const bounce = JSON.parse(JSON.stringify({ type, subType, message }));
  expect(classify("email.bounced", bounce).outcome).toBe(outcome);
});

test("the server's own words, which may name the address, are not in the note", () => {
  const bounce = { type: "Permanent", subType: "General", message: "550 5.7.1 <ada@example.com> refused" };
  expect(classify("email.bounced", bounce).note).toBe("Permanent, General, 5.7.1");
});
