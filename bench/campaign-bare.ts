/**
 * The upper limit of a campaign's speed. The same code renders and sends the same batches, N at a time, but without a
 * ledger: nothing is claimed or recorded. This program runs in its own process, like the site.
 */

import { randomUUID } from "node:crypto";
import pLimit from "p-limit";
import { createRenderer, type Recipient } from "#campaigns/render-mail.ts";
import { writeMails } from "#campaigns/send-batch.ts";
import { systemClock } from "#lib/clock.ts";
import { fastFetch } from "#lib/outside/fetch.ts";
import { resendMailer } from "#mail/resend-mailer.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";
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
const links = createUnsubscribeLinks(["a secret of the benchmark, longer than 32"]);
const content = {
  ...campaignContent,
  replyTo: null,
  missingField: "empty",
  listId: randomUUID(),
  imprint: {
    postalAddress: "1 Night Street, 10115 Berlin",
    linkBase: "http://localhost:8888/l/",
    linkKeyId: links.newestKeyId ?? "",
  },
} as const;
const render = createRenderer(campaignId, content, links);
/** As in the product, a batch is rendered just before it is sent. */
const permits = pLimit(Number(inFlight));

// To save memory, only 20 batches exist. These batches are sent repeatedly, each time with a new idempotency key.
const known = Array.from({ length: Math.min(batches, 20) }, (_, batch) =>
  Array.from({ length: size }, (__, n) => {
    const { email, ...fields } = person(batch * size + n + 1);
    return [n, email, fields] satisfies Recipient;
  }),
);

const send = (first: number, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const key = `${campaignId}:${first + n}`;
      const recipients = known[n % known.length] ?? [];
      const answer = await permits(() => {
        const { mails } = writeMails(recipients, render);
        return mailer.sendBatch([...mails.values()], key);
      });
      if (answer.kind !== "taken") throw answer.error;
    }),
  );

// Warms the process up, because the process of a running site is warm too.
await send(1_000_000, Math.min(batches, 50));
const startedAt = performance.now();
await send(0, batches);
console.log(JSON.stringify({ seconds: (performance.now() - startedAt) / 1000 }));
process.exit(0);
