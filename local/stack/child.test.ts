import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

/** A process of the stack whose `stop` never resolves, as happens when it writes to a database that is gone. */
const waitsForEver = `
  import { childOfTheStack } from "#stack/child.ts";
  const child = childOfTheStack({ stop: () => new Promise(() => setInterval(() => {}, 1_000)) });
  child.ready({ port: 1 });
`;

test("a process whose shutdown hangs ends soon after its supervisor", async () => {
  const child = fork("-", [], {
    cwd: import.meta.dirname,
    execArgv: ["--import", "tsx", "--input-type=module", "-e", waitsForEver],
  });
  await once(child, "message");
  const ended = once(child, "exit");
  child.disconnect(); // As when the supervisor is killed
  expect(await ended).toEqual([1, null]);
});
