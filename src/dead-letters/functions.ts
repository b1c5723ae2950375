import type { InngestFunction } from "inngest";
import type { Parts } from "#jobs/parts.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { letterGroupRepository } from "./group-repository.ts";
import { handleLetterGroup } from "./handle-letter-group.ts";
import type { OnFailure } from "./on-failure.ts";
import type { CheckLetter } from "./patch.ts";

type Dependencies = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  parts: Parts;
  checkLetter: CheckLetter;
  flow: FlowControl;
  onFailure: OnFailure;
};

export const deadLetterFunctions = ({ db, clock, ...deps }: Dependencies): InngestFunction.Any[] => [
  handleLetterGroup({ ...deps, groups: letterGroupRepository(db, clock) }),
];
