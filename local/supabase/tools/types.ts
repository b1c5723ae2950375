/**
 * Writes src/lib/database/database.types.ts and newest-migration.ts from the migrations; with `--check` it only says
 * whether they are up to date.
 *   npm run types:generate    npm run types:fresh
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { runTool, withMigrated } from "./migrated.ts";

const folder = "src/lib/database";
const notice = "// Generated from supabase/migrations by `npm run types:generate`. Do not edit.\n\n";

const format = (source: string): string =>
  execFileSync(path.resolve("node_modules/.bin/biome"), ["format", "--stdin-file-path=types.ts"], {
    encoding: "utf8",
    input: source,
  });

/**
 * The CLI types arguments as never null. In Postgres every argument may be null, and null is different from an argument
 * that is left out.
 */
const allowNullArguments = (source: string): string =>
  source.replace(/\bArgs: \{([^{}]*)\}/g, (_, body: string) => {
    return `Args: {${body.replace(/(\w+\??: )([^;]+?)(?=\s*(?:;|$))/g, "$1$2 | null")}}`;
  });

/** The version that `/api/ready` compares with the database's. */
const newestMigration = (): string => {
  const newest = fs.readdirSync("supabase/migrations").toSorted().at(-1);
  return `export const NEWEST_MIGRATION = "${newest?.split("_")[0]}";\n`;
};

await withMigrated((url) => {
  const generated = runTool("supabase", ["gen", "types", `--remote=${url}`, "--schema", "public"], "pipe");
  const files = {
    "database.types.ts": format(notice + allowNullArguments(format(generated))),
    "newest-migration.ts": notice + newestMigration(),
  };
  for (const [name, fresh] of Object.entries(files)) {
    const file = path.join(folder, name);
    if (!process.argv.includes("--check")) fs.writeFileSync(file, fresh);
    else if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== fresh) {
      throw new Error(`${file} is stale: run \`npm run types:generate\` and commit it.`);
    }
  }
});
