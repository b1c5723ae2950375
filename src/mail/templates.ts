import type { MailText } from "#mail/compose.ts";
import * as account from "#mail/templates/account.ts";
import { alert } from "#mail/templates/alert.ts";
import { paymentReceipt } from "#mail/templates/payment-receipt.ts";
import { reportReady } from "#mail/templates/report-ready.ts";
import { webhookDisabled } from "#mail/templates/webhook-disabled.ts";
import { completeProfileReminder, weeklyDigest, welcome } from "#mail/templates/welcome.ts";

/** A mail whose text its room has written; see `WRITTEN`. */
export const CAMPAIGN_TEST = "campaign-test";

/** The mails that the product itself writes, by their names in `private.send_mail`. */
export const templates: Readonly<Record<string, MailText>> = {
  "account-changed": account.accountChanged,
  "address-changed": account.addressChanged,
  "complete-profile-reminder": completeProfileReminder,
  "confirm-address": account.confirmAddress,
  "confirm-new-address": account.confirmNewAddress,
  invitation: account.invitation,
  "password-changed": account.passwordChanged,
  "password-reset": account.passwordReset,
  alert,
  "payment-receipt": paymentReceipt,
  "report-ready": reportReady,
  "sign-in-link": account.signInLink,
  "verification-code": account.verificationCode,
  "webhook-disabled": webhookDisabled,
  "weekly-digest": weeklyDigest,
  welcome,
};
