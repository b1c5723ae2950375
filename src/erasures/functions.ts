import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import { erasePerson } from "#erasures/erase-person.ts";
import { erasureRepository } from "#erasures/repository.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";

type Dependencies = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

export const erasureFunctions = ({ db, clock, ...deps }: Dependencies): InngestFunction.Any[] => [
  erasePerson({ ...deps, erasures: erasureRepository(db, clock) }),
];
