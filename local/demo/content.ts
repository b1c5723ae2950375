/** The campaign of the demo, and the failures of its mail provider. */
export const recipients = 1000;
export const chunkSize = 100;
export const batchSize = 20;

/** Two rows of the fixture: the provider refuses these addresses for good. */
export const refusedAddresses = [
  "quentin.parker@closed.mailbox.example",
  "zaneta.dabrowska@gone.bankrupt.example",
];

export type FaultPlan = {
  /**
   * A regular expression for the batch number at the end of a request's idempotency key. The provider refuses the API
   * key for these batches.
   */
  refusedBatches: string;
  /** Every n-th request gets a 429, four times in all. */
  tooFastEvery: number;
  /** The provider accepts the API key again after this many dead letters. Undefined: after one or more. */
  deadLetters?: number;
  /** The provider accepts the API key again after this many recipients were sent or refused. Undefined: 0. */
  reachedBefore?: number;
  /** How long the retries take before the first dead letter, if that is more than a few seconds. */
  waitSeconds?: number;
};

/**
 * The provider's failures in the demo's own stack. A part has 100 recipients there, and a batch has 20, so the provider
 * refuses the batches of parts 3 and 7.
 */
export const ownStackFaults: FaultPlan = {
  refusedBatches: "(1[1-5]|3[1-5])",
  tooFastEvery: 9,
  deadLetters: 2,
  reachedBefore: recipients - 2 * chunkSize,
};

/**
 * The provider's failures in a stack that was already running. In that stack parts and batches have other sizes, so the
 * provider refuses other batches.
 */
export const runningStackFaults: FaultPlan = { refusedBatches: "[37]", tooFastEvery: 3, waitSeconds: 80 };

export const faultRules = ({ refusedBatches, tooFastEvery }: FaultPlan) => [
  { status: 401, match: `:${refusedBatches}$` },
  { status: 503, match: ":(2|8|22|44)$", count: 3 },
  { status: 429, every: tooFastEvery, count: 4, retryAfter: 1 },
];

export const campaign = {
  name: "The autumn letter",
  from: "Nightshift <letters@nightshift.example>",
  subject: "{{name|Dear reader}}, what we made this autumn",
  text: "Hello {{name|reader}},\n\nthree things are new since you joined in {{joined}}.\n\nYours,\nthe night shift\n",
  html: `<div style="font-family:Georgia,serif;max-width:34rem;margin:2rem auto;color:#22252c;line-height:1.6">
  <p style="letter-spacing:.2em;font-size:.75rem;color:#5546c9">THE AUTUMN LETTER</p>
  <h1 style="font-weight:500">Hello {{name|reader}},</h1>
  <p>the evenings are long again in {{city|your town}}, and we have used them well. Three things are new since you joined us in {{joined}}:</p>
  <ol><li>Work that fails is kept, and put back with one call.</li><li>Nothing is sent twice.</li><li>You can watch it happen.</li></ol>
  <p>Greetings to everybody at {{company|your place}},<br><em>the night shift</em></p>
</div>`,
};
