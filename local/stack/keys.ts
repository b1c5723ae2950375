import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** The secrets of this machine's stack: created once, stored beside the data, readable only by their owner. */
const keysSchema = z.object({
  linkSecret: z.string(),
  resendApiKey: z.string(),
  /** The API keys, created when the database first runs. */
  admin: z.string().optional(),
  app: z.string().optional(),
  /** The address at which the stack's own Supabase was last started. `npm run key` uses it. */
  supabaseUrl: z.string().optional(),
  /** The ports and the database of the last stack that had every service on this machine. `npm run demo` uses it. */
  lastStart: z
    .object({
      ports: z.object({ site: z.number(), supabase: z.number(), engine: z.number(), mail: z.number() }),
      databaseUrl: z.string(),
    })
    .optional(),
});
export type MachineKeys = z.infer<typeof keysSchema>;

export function readKeys(dataDir: string): MachineKeys | undefined {
  try {
    return keysSchema.parse(JSON.parse(readFileSync(join(dataDir, "keys.json"), "utf8")));
  } catch {
    return undefined; // The file is missing or unreadable. New secrets may replace the old ones, which are only local
  }
}

export const newKeys = (): MachineKeys => ({
  linkSecret: randomBytes(32).toString("base64url"),
  resendApiKey: `re_${randomBytes(18).toString("base64url")}`,
});

export function writeKeys(dataDir: string, keys: MachineKeys): void {
  const path = join(dataDir, "keys.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
