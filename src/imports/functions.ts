import type { InngestFunction } from "inngest";
import { processImport } from "#imports/process-import.ts";
import { processImportBatch } from "#imports/process-import-batch.ts";
import { importRepository } from "#imports/repository.ts";
import { undoImport } from "#imports/undo-import.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

type Dependencies = Omit<Parameters<typeof processImport>[0], "imports"> &
  Omit<Parameters<typeof processImportBatch>[0], "imports"> &
  Omit<Parameters<typeof undoImport>[0], "imports"> & { db: DatabaseClient; clock: Clock };

export function importFunctions({ db, clock, ...deps }: Dependencies): InngestFunction.Any[] {
  const imports = importRepository(db, clock);
  return [
    processImport({ ...deps, imports }),
    processImportBatch({ ...deps, imports }),
    undoImport({ ...deps, imports }),
  ];
}
