import type { InngestFunction } from "inngest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { recordCancellations } from "#dead-letters/record-cancellations.ts";
import { erasureFunctions } from "#erasures/functions.ts";
import { imageFunctions } from "#images/functions.ts";
import { monitoringFunctions } from "#monitoring/functions.ts";
import type { Platform } from "#platform.ts";
import { reportFunctions } from "#reports/functions.ts";
import { uploadFunctions } from "#uploads/functions.ts";

/** Every function of this installation: what one reads first. Only the door that runs them imports this list. */
export const allFunctions = (platform: Platform): InngestFunction.Any[] => [
  ...campaignFunctions(platform),
  ...imageFunctions(platform),
  ...uploadFunctions(platform),
  ...reportFunctions(platform),
  ...monitoringFunctions(platform),
  ...erasureFunctions(platform),
  // These two hear the engine's own events about runs, and keep the ledger and the dead letters.
  catchFailures(platform),
  recordCancellations(platform),
];
