/**
 * Checks the migrations. Two checks read the SQL text: a room names only its own tables, and no function is too long.
 * squawk reads the files, and the Supabase advisors read the database that the migrations make.
 *   npm run lint:sql
 */
import fs from "node:fs";
import path from "node:path";
import { longFunctions } from "./length.ts";
import { migrations, runTool, withMigrated } from "./migrated.ts";
import { namesOfOtherRooms } from "./rooms.ts";

const files = fs.readdirSync(migrations).toSorted();
const texts = files.map((name) => ({ name, sql: fs.readFileSync(path.join(migrations, name), "utf8") }));

const problems = [...namesOfOtherRooms(texts), ...longFunctions(texts)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else
  await withMigrated((url) => {
    runTool("squawk", [
      "--config",
      "supabase/squawk.toml",
      ...files.map((file) => path.join(migrations, file)),
    ]);
    runTool("supabase", ["db", "advisors", `--remote=${url}`, "--level", "warn", "--fail-on", "warn"]);
  });
