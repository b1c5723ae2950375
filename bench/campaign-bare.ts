/**
 * The limit: the same mails in the same batches through the same client, N at a time, with nothing written down.
 * A process of its own, like the site. Rendered beforehand; what is timed is serialising, sending and reading answers.
 */

import { Permits } from "#campaigns/permits.ts";
import { createRenderer } from "#campaigns/render-mail.ts";
import { resendMailer } from "#campaigns/resend-mailer.ts";
import { systemClock } from "#lib/clock.ts";
import { fastFetch } from "#lib/fetch.ts";
import { campaignContent, person } from "./campaign-content.ts";

const [url = "", apiKey = "", recipients = "0", batchSize = "100", inFlight = "10"] = process.argv.slice(2);
const size = Number(batchSize);
const batches = Math.ceil(Number(recipients) / size);
const campaignId = `bare-${process.pid}`;
const mailer = resendMailer(
  { RESEND_BASE_URL: url, RESEND_API_KEY: apiKey, MAIL_IDEMPOTENT: true },
  fastFetch,
  systemClock,
);
const render = createRenderer(campaignId, { ...campaignContent, replyTo: null, missingField: "empty" });
const wire = new Permits(Number(inFlight));

// As many rendered batches as are worth keeping in memory; they are sent in turn, under keys of their own.
const rendered = Array.from({ length: Math.min(batches, 20) }, (_, batch) =>
  Array.from({ length: size }, (__, n) => {
    const { email, ...fields } = person(batch * size + n + 1);
    const made = render({ id: n, email, fields });
    if (!("mail" in made)) throw new Error("not rendered");
    return made.mail;
  }),
);

const send = (first: number, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      wire.hold(async () => {
        const answer = await mailer.sendBatch(
          rendered[n % rendered.length] ?? [],
          `${campaignId}:${first + n}`,
        );
        if (answer.kind !== "taken") throw answer.error;
      }),
    ),
  );

// A running site is warm; so is this.
await send(1_000_000, Math.min(batches, 50));
const startedAt = performance.now();
await send(0, batches);
console.log(JSON.stringify({ seconds: (performance.now() - startedAt) / 1000 }));
process.exit(0);
