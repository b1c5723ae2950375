/**
 * The executions of one run of each function, when nothing fails: the run and its steps. What fans out is counted for a
 * single part. tests/workflows/our-outages.test.ts compares them with the engine's count.
 */
export const EXECUTIONS: Readonly<Record<string, number>> = {
  "send-email-campaign": 3,
  "send-campaign-part": 2,
  "generate-image": 3,
  "resize-image": 2,
  "generate-report": 4,
  "process-import": 4,
  "process-import-batch": 2,
  "undo-import": 3,
  "push-post": 3,
  "push-post-part": 2,
  "process-payment": 4,
  "send-mail": 3,
  "send-bulk-mail": 3,
  "process-webhook": 2,
  "send-webhook": 2,
  "replay-webhooks": 4,
  "run-canary": 1,
  "send-daily-report": 3,
  "backfill-schedule": 3,
  "sync-github-metrics": 2,
  "generate-sitemap": 2,
  // A month with few jobs.
  "archive-ledger": 6,
  "on-user-signup": 4,
  "set-default-settings": 2,
  "send-profile-reminder": 2,
  "check-webhook-gaps": 2,
  "erase-person": 3,
  "catch-failures": 1,
  "record-cancellations": 1,
};
