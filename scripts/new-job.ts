/**
 * `npm run new:job -- invoices/remind-customer` writes a room with one job (its event, function, route and test) and a migration
 * (its summary and subjects), and adds the job to the lists of rooms, functions and event schemas.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Names, namesOf } from "./new-job/names.ts";
import { filesOf, migration, outageEntry } from "./new-job/templates.ts";

/** This test has an entry for every function of the product. */
const OUTAGES = "tests/workflows/our-outages.test.ts";

/** The file with the version of the newest migration. `npm run types:generate` writes the same text into it. */
const NEWEST = "src/lib/database/newest-migration.ts";

const inProject = (path: string) => join(process.cwd(), path);

function refuseWhatExists({ room, job, event }: Names): void {
  if (existsSync(inProject(`src/${room}`)))
    throw new Error(`The room src/${room} is there already: write the job's files into it.`);
  const sources = readdirSync(inProject("src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  for (const file of sources) {
    const text = readFileSync(inProject(join("src", file)), "utf8");
    for (const taken of [`id: "${job}"`, `"${event}"`])
      if (text.includes(taken)) throw new Error(`src/${file} has ${taken} already: choose another name.`);
  }
}

type Entry = { before: string; line: string; from?: string };

/** Inserts text before the last line that begins with `before`, and an import at the top; the formatter sorts imports. */
function enter(file: string, { before, line, from = "" }: Entry): string {
  const text = readFileSync(inProject(file), "utf8");
  const at = text.lastIndexOf(`\n${before}`);
  if (at === -1) throw new Error(`${file} has no line that begins with "${before.trim()}".`);
  return `${from === "" ? "" : `${from}\n`}${text.slice(0, at)}\n${line}${text.slice(at)}`;
}

/** The version of a new migration: the present second in UTC, or one more than the newest version if that is higher. */
function nextVersion(): string {
  const now = Number(new Date().toISOString().replace(/\D/g, "").slice(0, 14));
  const versions = readdirSync(inProject("supabase/migrations")).map((name) => Number.parseInt(name, 10));
  return String(Math.max(now, ...versions.map((version) => version + 1)));
}

/** All contents are made before any file is written, so that an error leaves no files. */
function filesAndEntries(names: Names): Record<string, string> {
  const { room, job, roomName, functionName } = names;
  const version = nextVersion();
  return {
    ...filesOf(names),
    [`supabase/migrations/${version}_${job.replaceAll("-", "_")}.sql`]: migration(names),
    [NEWEST]: readFileSync(inProject(NEWEST), "utf8").replace(/"\d+"/, `"${version}"`),
    "src/rooms.ts": enter("src/rooms.ts", {
      before: "  jobs,",
      line: `  ${roomName},`,
      from: `import { ${roomName} } from "#${room}/room.ts";`,
    }),
    "src/functions.ts": enter("src/functions.ts", {
      before: "  catchFailures(platform),",
      line: `  ${functionName}(platform),`,
      from: `import { ${functionName} } from "#${room}/${job}.ts";`,
    }),
    "src/event-schemas.ts": enter("src/event-schemas.ts", {
      before: "  jobs,",
      line: `  ${roomName},`,
      from: `import * as ${roomName} from "#${room}/events.ts";`,
    }),
    // The run and its three steps.
    "src/cost/executions.ts": enter("src/cost/executions.ts", {
      before: '  "catch-failures": ',
      line: `  "${job}": 4,`,
    }),
    [OUTAGES]: enter(OUTAGES, { before: '  "catch-failures": ', line: outageEntry(names) }),
  };
}

try {
  const names = namesOf(process.argv[2]);
  refuseWhatExists(names);
  const files = filesAndEntries(names);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(inProject(path)), { recursive: true });
    writeFileSync(inProject(path), text);
  }
  const run = (command: string, ...args: string[]) =>
    execFileSync("npx", [command, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  run("biome", "check", "--write", ...Object.keys(files).filter((path) => path.endsWith(".ts")));
  run("tsx", "scripts/generate-docs.ts");
  process.stdout.write(`${Object.keys(files).join("\n")}\nREADME.md\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
