/**
 * `npm run check:code` runs every check of the code except the tests, two at a time, because most checks use one core.
 * The longest checks start first. The output of a check is printed when the check has ended. All checks run, even after
 * one has failed.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

const checks = [
  "tsc",
  "oxlint",
  "knip",
  "npm run --silent lint:sql",
  "npm run --silent types:fresh",
  "npm run --silent docs:generate -- --check",
  "biome check .",
];

/** npm has put `node_modules/.bin` on the PATH. */
async function passes(command: string): Promise<boolean> {
  const child = spawn(`${command} 2>&1`, { shell: true, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const output = await text(child.stdout);
  const hasPassed = (await ended) === 0;
  console.log(`── ${command}: ${hasPassed ? "ok" : "FAILED"}\n${output.trimEnd()}`.trimEnd());
  return hasPassed;
}

const waiting = [...checks];
const failed: string[] = [];
const worker = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
    if (!(await passes(next))) failed.push(next);
};
await Promise.all([worker(), worker()]);

if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join("; ")}`);
  process.exitCode = 1;
}
