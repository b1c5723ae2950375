import type { InngestFunction } from "inngest";
import { type CampaignRoom, campaignFunctions } from "#campaigns/index.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { type ImageFunctionsRoom, imageFunctions } from "#images/functions.ts";
import { recordCancellations } from "#jobs/record-cancellations.ts";

export type FunctionDependencies = CampaignRoom &
  ImageFunctionsRoom &
  Parameters<typeof catchFailures>[0] &
  Parameters<typeof recordCancellations>[0];

/** Every function of this installation: what one reads first. */
export const allFunctions = (deps: FunctionDependencies): InngestFunction.Any[] => [
  ...campaignFunctions(deps),
  ...imageFunctions(deps),
  // The engine's news about runs, for the ledger and the dead letters.
  catchFailures(deps),
  recordCancellations(deps),
];
