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

/** A process of the stack that is still loading its code when its supervisor ends. */
const loadsSlowly = `
  import { setTimeout } from "node:timers/promises";
  process.send("loading");
  while (process.connected) await setTimeout(10);
  const { childOfTheStack } = await import("#stack/child.ts");
  setInterval(() => {}, 1_000);
  childOfTheStack({ stop: () => {} });
`;

test("a process whose supervisor ended before it was loaded ends as well", async () => {
  const child = fork("-", [], {
    cwd: import.meta.dirname,
    execArgv: ["--import", "tsx", "--input-type=module", "-e", loadsSlowly],
  });
  await once(child, "message");
  const ended = once(child, "exit");
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});
