/** The campaign of the demo and the bad day that its mail provider has. */
export const recipients = 1000;
export const chunkSize = 100;
export const batchSize = 20;

/** Two rows of the fixture whose mailboxes are gone: the provider refuses them for good. */
export const refusedAddresses = [
  "quentin.parker@closed.mailbox.example",
  "zaneta.dabrowska@gone.bankrupt.example",
];

/** Chunks 3 and 7 meet a refused key. A request's idempotency key ends in the number of its batch. */
const refusedBatches = "(1[1-5]|3[1-5])";
export const refusedChunks = 2;

export const badDay = [
  { status: 401, match: `:${refusedBatches}$` },
  { status: 503, match: ":(8|22|44)$", count: 3 },
  { status: 429, every: 9, count: 4, retryAfter: 1 },
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
