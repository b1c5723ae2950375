/**
 * Checks the migrations: squawk reads the files, and the Supabase advisors read the database that they make.
 *   npm run lint:sql
 */
import fs from "node:fs";
import path from "node:path";
import { migrations, runTool, withMigrated } from "./migrated.ts";

await withMigrated((url) => {
  const files = fs.readdirSync(migrations).map((file) => path.join(migrations, file));
  runTool("squawk", ["--config", "supabase/squawk.toml", ...files]);
  runTool("supabase", ["db", "advisors", `--remote=${url}`, "--level", "warn", "--fail-on", "warn"]);
});
