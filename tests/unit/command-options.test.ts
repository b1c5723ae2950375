import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ["--import", "tsx", "bench/run.ts", "live", ...args], { encoding: "utf8" });
const USAGE = "npm run bench -- live [--clients 100] [--seconds 30] [--json]";

test.each([
  ["an option that it does not have", ["--job", "5"], 1, "", `Unknown option '--job'\n\n${USAGE}\n`],
  [
    "a number that is none",
    ["--clients", "many"],
    1,
    "",
    '--clients is a number of at least 1, and not "many".\n',
  ],
  [
    "a number that is too small",
    ["--clients", "0"],
    1,
    "",
    '--clients is a number of at least 1, and not "0".\n',
  ],
  ["--help", ["--help"], 0, `${USAGE}\n`, ""],
])("a command that is given %s ends with a sentence or its usage", (_, args, code, stdout, stderr) => {
  expect(bench(...args)).toMatchObject({ status: code, stdout, stderr });
});
