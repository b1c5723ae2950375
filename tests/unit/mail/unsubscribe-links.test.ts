import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

const [older, newer] = [
  "an older secret of more than 32 characters",
  "a newer secret of more than 32 characters",
];
const listId = randomUUID();
const tokenOf = (secret: string, subscriberId = 7) => {
  const links = createUnsubscribeLinks([secret]);
  return links.signer(links.newestKeyId ?? "", listId)(subscriberId);
};

test("a link names its subscription, is opaque, and is the same each time it is signed", () => {
  const links = createUnsubscribeLinks([newer]);
  const sign = links.signer(links.newestKeyId ?? "", listId);
  const tokens = [1, 2, 2 ** 40].map(sign);
  expect(tokens.map(links.open)).toEqual([1, 2, 2 ** 40].map((subscriberId) => ({ listId, subscriberId })));
  expect([1, 2, 2 ** 40].map(sign)).toEqual(tokens);
  expect(tokens[0]).toMatch(/^[\w-]{60}$/);
});

test("a link that was changed in any place, or signed with another secret, is not valid", () => {
  const links = createUnsubscribeLinks([newer]);
  const token = tokenOf(newer);
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === "A" ? "B" : "A";
    expect(links.open(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
  }
  for (const foreign of [
    tokenOf(older),
    "",
    "x",
    `${token}A`,
    token.slice(1),
    "é".repeat(60),
    "A".repeat(60),
  ])
    expect(links.open(foreign)).toBeUndefined();
  expect(createUnsubscribeLinks([]).open(token)).toBeUndefined();
});

test("after a rotation the newest secret signs, old links stay valid while the old secret is listed, and a campaign keeps its key", () => {
  const both = createUnsubscribeLinks([newer, older]);
  expect(both.newestKeyId).toBe(createUnsubscribeLinks([newer]).newestKeyId);
  expect(both.open(tokenOf(older))).toEqual({ listId, subscriberId: 7 });
  const olderKey = createUnsubscribeLinks([older]).newestKeyId ?? "";
  expect(both.signer(olderKey, listId)(7)).toBe(tokenOf(older));
  expect(createUnsubscribeLinks([newer]).open(tokenOf(older))).toBeUndefined();
  expect(createUnsubscribeLinks([newer]).signer(olderKey, listId)(7)).toBe(tokenOf(newer));
});
