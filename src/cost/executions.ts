/**
 * The executions of one run of each function, when nothing fails: the run and its steps. Fan-out is counted with a
 * single part. tests/workflows/our-outages.test.ts compares these numbers with the engine's count.
 */
export const EXECUTIONS: Readonly<Record<string, number>> = {
  "send-email-campaign": 3,
  "resume-email-campaign": 3,
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
  "replay-webhooks": 3,
  "replay-inbox": 3,
  "handle-letter-group": 3,
  "run-canary": 1,
  "send-daily-report": 3,
  "backfill-schedule": 3,
  "sync-github-metrics": 2,
  "generate-sitemap": 2,
  // For a month with few jobs.
  "archive-ledger": 6,
  "on-user-signup": 4,
  "set-default-settings": 2,
  "send-profile-reminder": 2,
  "check-webhook-gaps": 2,
  // The run waits a minute, then looks a second time.
  "erase-person": 5,
  "catch-failures": 1,
  "record-cancellations": 1,
};

/**
 * For each function that plans parts, the function that works on them. Other jobs have no parts, or work on their only
 * part themselves.
 */
const PART_FUNCTIONS: Readonly<Record<string, string>> = {
  "send-email-campaign": "send-campaign-part",
  "resume-email-campaign": "send-campaign-part",
  "process-import": "process-import-batch",
  "push-post": "push-post-part",
};
/** Recipients or rows in one part. */
const PART_SIZE = 5_000;

type FunctionWithParts = "send-email-campaign" | "process-import";

/** The executions of a campaign or an import of this size. Waits for the mail provider are additional executions. */
export const executionsInParts = (functionId: FunctionWithParts, size: number): number =>
  executionsOfParts(functionId, Math.ceil(size / PART_SIZE));

export const executionsOfParts = (functionId: FunctionWithParts, parts: number): number =>
  executionsOfCounted({ functionId, runs: 1, retries: 0, fanOuts: Math.min(1, parts), parts, failed: 0 });

/** The executions of a dead letter: the run of `onFailure` with two steps, and the run of `catch-failures`. */
const OF_A_FAILURE = 4;

export type Counted = {
  functionId: string;
  runs: number;
  retries: number;
  /** Runs that sent events to parts. */
  fanOuts: number;
  parts: number;
  failed: number;
};

/** The executions of counted work. Waits within a run, and further steps of large parts, are additional executions. */
export function executionsOfCounted({ functionId, runs, retries, fanOuts, parts, failed }: Counted): number {
  // An unknown function counts as a run with one step.
  const ofRun = EXECUTIONS[functionId] ?? 2;
  const partFunction = PART_FUNCTIONS[functionId];
  // EXECUTIONS includes the step that sends the events of parts, but a run without parts does not have this step.
  const ofParts = partFunction ? fanOuts - runs + parts * (EXECUTIONS[partFunction] ?? 0) : 0;
  return runs * ofRun + retries + ofParts + failed * OF_A_FAILURE;
}
