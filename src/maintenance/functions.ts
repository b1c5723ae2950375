import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { archiveLedger } from "#maintenance/archive-ledger.ts";
import { archiveRepository } from "#maintenance/archive-repository.ts";

type Dependencies = {
  inngest: InngestClient;
  db: DatabaseClient;
  storage: Storage;
  clock: Clock;
  onFailure: OnFailure;
};

export const maintenanceFunctions = ({ db, clock, ...deps }: Dependencies): InngestFunction.Any[] => [
  archiveLedger({ ...deps, archive: archiveRepository(db, clock) }),
];
