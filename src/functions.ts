import type { InngestFunction } from "inngest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { catchFailures } from "#dead-letters/catch-failures.ts";
import { deadLetterFunctions } from "#dead-letters/functions.ts";
import { recordCancellations } from "#dead-letters/record-cancellations.ts";
import { deliveryFunctions } from "#deliveries/functions.ts";
import { erasureFunctions } from "#erasures/functions.ts";
import { feedFunctions } from "#feed/functions.ts";
import { imageFunctions } from "#images/functions.ts";
import { importFunctions } from "#imports/functions.ts";
import { mailFunctions } from "#mail/functions.ts";
import { maintenanceFunctions } from "#maintenance/functions.ts";
import { monitoringFunctions } from "#monitoring/functions.ts";
import { onboardingFunctions } from "#onboarding/functions.ts";
import { paymentFunctions, stripeWebhooks } from "#payments/functions.ts";
import type { Platform } from "#platform.ts";
import { reportFunctions } from "#reports/functions.ts";
import { scheduleFunctions } from "#schedules/functions.ts";
import { sitemapFunctions } from "#sitemap/functions.ts";
import { uploadFunctions } from "#uploads/functions.ts";
import { webhookFunctions } from "#webhooks/functions.ts";

/**
 * All functions of this installation. To learn the project, read this list first. Only the door that runs the functions
 * imports it.
 */
export const allFunctions = (platform: Platform): InngestFunction.Any[] => [
  ...campaignFunctions(platform),
  ...mailFunctions(platform),
  ...imageFunctions(platform),
  ...uploadFunctions(platform),
  ...reportFunctions(platform),
  ...importFunctions(platform),
  ...webhookFunctions(platform, { stripe: stripeWebhooks(platform) }),
  ...paymentFunctions(platform),
  ...deliveryFunctions(platform),
  ...onboardingFunctions(platform),
  ...monitoringFunctions(platform),
  ...maintenanceFunctions(platform),
  ...scheduleFunctions(platform),
  ...sitemapFunctions(platform),
  ...feedFunctions(platform),
  ...erasureFunctions(platform),
  ...deadLetterFunctions(platform),
  catchFailures(platform),
  recordCancellations(platform),
  // The last two functions receive Inngest's own events about runs, and keep the ledger and the dead letters up to
  // date.
];
