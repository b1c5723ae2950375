import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** `npm run bench -- <name> [flags]` runs `run(args)` of `bench/<name>.ts`. */
type Bench = { run(args: string[]): Promise<void> };

const [name, ...args] = process.argv.slice(2);
const file = join(import.meta.dirname, `${name}.ts`);
if (name === undefined || !/^[a-z]+$/.test(name) || name === "run" || !existsSync(file)) {
  const names = readdirSync(import.meta.dirname)
    .filter((entry) => /^[a-z]+\.ts$/.test(entry) && entry !== "run.ts")
    .map((entry) => entry.slice(0, -3));
  console.error(`npm run bench -- <${names.join(" | ")}> [flags]`);
  process.exit(1);
}
const bench = (await import(file)) as Bench;
await bench.run(args);
