import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Postgres, startPostgres, throwawaySettings } from "./postgres.ts";

/** A Postgres for one run of tests or of a tool. The server leaves no files. */
export const startThrowaway = async (
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pick<Postgres, "url" | "stop">> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-postgres-"));
  fs.chmodSync(directory, 0o755);
  const dataDir = path.join(directory, "data");
  const postgres = await startPostgres({ dataDir, settings: { ...throwawaySettings, ...settings } });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
};
