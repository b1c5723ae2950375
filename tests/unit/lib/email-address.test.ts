import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { campaignContent } from "#campaigns/content.ts";
import { address, mailbox, normalizeAddress, normalizeMailbox } from "#lib/email-address.ts";

const long = (length: number) => "x".repeat(length);

describe("an e-mail address", () => {
  test.each([
    ["ada@example.com", "ada@example.com"],
    ["a&b@example.org", "a&b@example.org"],
    ["!#$%&'*+/=?^_`{|}~-@example.org", "!#$%&'*+/=?^_`{|}~-@example.org"],
    ["Ada.Lovelace@EXAMPLE.Com", "Ada.Lovelace@example.com"],
    ["news@müller.de", "news@xn--mller-kva.de"],
    ["иван@example.com".replace("иван", "ivan"), "ivan@example.com"],
    ["ivan@пример.рф", "ivan@xn--e1afmkfd.xn--p1ai"],
    ["a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"],
    ["a@sub.example.co.uk", "a@sub.example.co.uk"],
    ["a@1.example", "a@1.example"],
    [`${long(64)}@example.com`, `${long(64)}@example.com`],
    [`a@${long(63)}.com`, `a@${long(63)}.com`],
  ])("%s is stored as %s", (text, stored) => {
    expect(normalizeAddress(text)).toBe(stored);
    expect(normalizeAddress(stored)).toBe(stored);
  });

  test.each([
    "",
    "@",
    "a",
    "a@",
    "@example.com",
    "a@b",
    "a@@example.com",
    "a b@example.com",
    "a@exa mple.com",
    ".a@example.com",
    "a.@example.com",
    "a..b@example.com",
    '"a b"@example.com',
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@example.123",
    "a@0x7f.1",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@-a.com",
    "a@a-.com",
    "a@a_b.com",
    "a@ex%61mple.com",
    "a@example.com​",
    "​a@example.com",
    "a@exam­ple.com",
    "a@example.com‮",
    "a@example.com\r\nbcc: b@example.com",
    "a@example.com\0",
    "a\0b@example.com",
    "a@xn--a.com",
    "иван@example.com",
    "a,b@example.com",
    "a@example.com, b@example.com",
    "a(c)@example.com",
    "<a@example.com>",
    "a<b@example.com",
    "a@example.com>",
    "mailto:a@example.com",
    "a@example.com/x",
    "a@b.c?d",
    `${long(65)}@example.com`,
    `a@${long(64)}.com`,
    `a@${`${long(60)}.`.repeat(5)}com`,
    `a@${long(9999)}.com`,
  ])("%j is refused", (text) => {
    expect(normalizeAddress(text)).toBeUndefined();
  });

  test("any text is refused or stored as short ASCII that is its own stored form", () => {
    const unit = fc.constantFrom(...Array.from('a1.@-_&ü\u200b\u202e \u00ad%рф<>"\\,\n'));
    const near = fc.tuple(fc.string({ unit, maxLength: 9 }), fc.string({ unit, maxLength: 9 }));
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.emailAddress(),
      near.map((two) => two.join("@")),
    );
    fc.assert(
      fc.property(text, (text) => {
        const stored = normalizeAddress(text);
        if (stored === undefined) return;
        expect(stored).toMatch(/^[!-~]+@[a-z0-9.-]+\.[a-z0-9-]+$/);
        expect(stored.length).toBeLessThanOrEqual(254);
        expect(normalizeAddress(stored)).toBe(stored);
        expect(normalizeMailbox(stored)).toBe(stored);
      }),
      { numRuns: 5000 },
    );
  });

  test("valid addresses of RFC 5322 are accepted", () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => normalizeAddress(text)?.toLowerCase() === text.toLowerCase()),
    );
  });
});

describe("a sender", () => {
  test.each([
    ["ada@example.com", "ada@example.com"],
    ["Ada <ada@example.com>", "Ada <ada@example.com>"],
    ["Müller & Söhne <news@müller.de>", "Müller & Söhne <news@xn--mller-kva.de>"],
    ["Ada, Inc. <ada@example.com>", '"Ada, Inc." <ada@example.com>'],
    ['"Ada \\"L\\", Inc." <ada@example.com>', '"Ada \\"L\\", Inc." <ada@example.com>'],
    [" <ada@example.com> ", "ada@example.com"],
    ["ada@example.com <ada@example.com>", '"ada@example.com" <ada@example.com>'],
  ])("%s is stored as %s", (text, stored) => {
    expect(normalizeMailbox(text)).toBe(stored);
    expect(normalizeMailbox(stored)).toBe(stored);
  });

  test.each([
    "Ada",
    "Ada <ada@b>",
    "Ada ada@example.com",
    "<a@b.com> <ada@example.com>",
    'Ada "L <ada@example.com>',
    "Ada\r\nBcc: x@example.com <ada@example.com>",
    "A‮da <ada@example.com>",
    "A​da <ada@example.com>",
    "Ada <ada@example.com​>",
    `${long(201)} <ada@example.com>`,
    "A\0 <ada@example.com>",
    "Ada <ada@example.com> x",
  ])("%j is refused as a sender", (text) => {
    expect(normalizeMailbox(text)).toBeUndefined();
  });

  test("a campaign stores the sender in that form, and a refusal names the field", () => {
    const content = { listId: "00000000-0000-4000-8000-000000000000", subject: "S", text: "T" };
    const good = campaignContent.parse({ ...content, from: "Ada <a&b@müller.de>", replyTo: "a@рф.рф" });
    expect(good).toMatchObject({ from: "Ada <a&b@xn--mller-kva.de>", replyTo: "a@xn--p1ai.xn--p1ai" });
    const bad = campaignContent.safeParse({
      ...content,
      from: "news@example.com\u200b",
      text: "Hi\n {{{name}}}",
    });
    expect(bad.error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [["text"], expect.stringMatching(/^line 2, column 2: /)],
      [["from"], expect.stringContaining("must be an address")],
    ]);
  });
});

test.each([address, mailbox])("text that is too short for an address is refused as no address", (schema) => {
  expect(schema.safeParse("a").error?.issues[0]?.message).toMatch(/^must be an address like/);
});
