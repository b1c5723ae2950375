import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

test("a caller who has disconnected is not counted as released", async () => {
  const gate = new Gate();
  const gone = new AbortController();
  const freed: string[] = [];
  const waits = [
    gate.wait(gone.signal),
    gate.wait(new AbortController().signal).then(() => freed.push("second")),
    gate.wait(new AbortController().signal).then(() => freed.push("third")),
  ];
  gone.abort();
  await waits[0];
  expect(gate.release(1)).toBe(1);
  await waits[1];
  expect(freed).toEqual(["second"]);
  expect(gate.release()).toBe(1);
});
