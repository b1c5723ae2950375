import type { InngestFunction } from "inngest";
import { type CampaignRoom, campaignFunctions } from "#campaigns/index.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { recordCancellations } from "#dead-letters/record-cancellations.ts";
import { type ImageFunctionsRoom, imageFunctions } from "#images/functions.ts";
import { type MonitoringRoom, monitoringFunctions } from "#monitoring/index.ts";

export type FunctionDependencies = CampaignRoom &
  ImageFunctionsRoom &
  MonitoringRoom &
  Parameters<typeof catchFailures>[0] &
  Parameters<typeof recordCancellations>[0];

/** Every function of this installation: what one reads first. */
export const allFunctions = (deps: FunctionDependencies): InngestFunction.Any[] => [
  ...campaignFunctions(deps),
  ...imageFunctions(deps),
  ...monitoringFunctions(deps),
  // The engine's news about runs, for the ledger and the dead letters.
  catchFailures(deps),
  recordCancellations(deps),
];
