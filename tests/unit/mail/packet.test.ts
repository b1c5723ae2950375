import { expect, test } from "vitest";
import { Packet } from "#mail/packet.ts";

const packetOf = (...mails: unknown[]) => new Packet(mails.map((mail) => JSON.stringify(mail)));
const read = ({ bytes }: Packet): unknown => JSON.parse(bytes.toString());

test.each([
  ["in ASCII", ["a", { to: "b" }, "c"]],
  ["with an accent", ["José"]],
  ["with accents up to the last character of each", ["é".repeat(40), "Łódź", "ü"]],
  ["with characters of four bytes", ["👋", "plain", "日本"]],
  ["none", []],
])("is one JSON array of the mails: %s", (_, mails) => {
  const packet = packetOf(...mails);
  expect(read(packet)).toEqual(mails);
  expect(packet.count).toBe(mails.length);
});

test("a part of it is a packet of those mails", () => {
  const packet = packetOf("a", "é", "c", "d").slice(1, 3);
  expect(read(packet)).toEqual(["é", "c"]);
  expect(packet.count).toBe(2);
});
