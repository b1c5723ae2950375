import { describe, expect, test } from "vitest";
import { sendInHalves } from "#campaigns/send-in-halves.ts";
import { AppError } from "#lib/errors.ts";
import type { BatchAnswer } from "#mail/mailer.ts";

const addresses = Array.from({ length: 9 }, (_, n) => `p${n}@example.com`);
const mailsFor = (to: readonly string[]) => to.map((one) => JSON.stringify({ to: one, text: "ü" }));
const mails = mailsFor(addresses);
const addressesOf = (mails: readonly string[]) =>
  mails.map((mail) => (JSON.parse(mail) as { to: string }).to);
const refusal = new AppError("invalid_recipient", "one is bad");

/** Refuses any batch that contains a bad address, and accepts the others. */
function strictProvider(bad: number[]) {
  const keys: string[] = [];
  const taken: string[] = [];
  const send = async (part: readonly string[], key: string): Promise<BatchAnswer> => {
    keys.push(key);
    const to = addressesOf(part);
    if (to.some((one) => bad.some((n) => one === addresses[n]))) return { kind: "refused", error: refusal };
    taken.push(...to);
    return { kind: "taken", results: to.map((one) => ({ messageId: `id of ${one}` })) };
  };
  return { keys, taken, send };
}

describe("a batch refused for some of its mails", () => {
  test.each([[[0]], [[8]], [[3, 4]], [[0, 4, 8]]])(
    "fails only %j: every other recipient gets one mail",
    async (bad) => {
      const { taken, send } = strictProvider(bad);
      const { results, answer } = await sendInHalves(mails, "c:1", send);
      expect(answer.kind).toBe("taken");
      expect(
        [...results]
          .filter(([, result]) => "code" in result)
          .map(([index]) => index)
          .toSorted((a, b) => a - b),
      ).toEqual(bad);
      expect(taken.toSorted((a, b) => a.localeCompare(b))).toEqual(
        addresses.filter((_, n) => !bad.includes(n)),
      );
    },
  );

  test("is split in the same way each time, so that a repeated search uses the same keys", async () => {
    const [first, second] = [strictProvider([5]), strictProvider([5])];
    await sendInHalves(mails, "c:1", first.send);
    await sendInHalves(mails, "c:1", second.send);
    expect(second.keys).toEqual(first.keys);
    expect(new Set(first.keys).size).toBe(first.keys.length);
  });

  test("counts as a rejected request when every single mail is refused, and no recipient fails", async () => {
    const { send } = strictProvider(addresses.map((_, n) => n));
    const few = mailsFor(addresses.slice(0, 3));
    const { answer } = await sendInHalves(few, "c:1", send);
    expect(answer).toMatchObject({
      kind: "refused",
      error: { code: "provider_rejected", message: "Each of 3 mails was refused: one is bad" },
    });
  });

  test("of a hundred refused mails is given up after eight refused alone", async () => {
    let calls = 0;
    const send = async (): Promise<BatchAnswer> => {
      calls += 1;
      return { kind: "refused", error: refusal };
    };
    const many = mailsFor(Array.from({ length: 100 }, (_, n) => `p${n}@example.com`));
    expect(await sendInHalves(many, "c:1", send)).toMatchObject({
      answer: { kind: "refused", error: { code: "provider_rejected" } },
    });
    expect(calls).toBeLessThan(25);
  });

  test("fails eight mails alone when another mail of the batch is accepted", async () => {
    const { taken, send } = strictProvider([1, 2, 3, 4, 5, 6, 7, 8]);
    const { results, answer } = await sendInHalves(mails, "c:1", send);
    expect(answer.kind).toBe("taken");
    expect(results.size).toBe(9);
    expect(taken).toEqual(addresses.slice(0, 1));
  });

  test("ends the search at another error, with the results so far", async () => {
    const { send } = strictProvider([8]);
    const down: BatchAnswer = { kind: "unknown", error: new AppError("provider_unavailable", "down") };
    let calls = 0;
    const { results, answer } = await sendInHalves(mails, "c:1", async (part, key) =>
      ++calls === 3 ? down : send(part, key),
    );
    expect(answer).toBe(down);
    expect([...results.keys()]).toEqual([0, 1, 2, 3, 4]);
  });
});
