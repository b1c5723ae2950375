import { afterEach, describe, expect, test } from "vitest";
import { smtpMailer } from "#mail/smtp-mailer.ts";
import type { SmtpPace } from "#mail/smtp-pace.ts";
import { startSmtp } from "../../support/smtp.ts";

let server: Awaited<ReturnType<typeof startSmtp>> | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const unlimited = { ofBatch: () => async () => true };
const mailer = (SMTP_URL: string, pace: SmtpPace = unlimited) =>
  smtpMailer({ SMTP_URL, NIGHTSHIFT_ENV: "development" }, pace);
const mailTo = (to: string, more: object = {}) =>
  JSON.stringify({ from: "Ada <ada@example.com>", to, subject: "News ü", text: "Hello", ...more });
const mails = [1, 2, 3].map((n) => mailTo(`p${n}@example.com`));
const start = async (settings: Parameters<typeof startSmtp>[0]) => {
  server = await startSmtp(settings);
  return server;
};
const sent = { messageId: expect.stringMatching(/^<.+@example\.com>$/) };

test("a batch uses one connection, and each mail has its parts, headers and reply address", async () => {
  const { url, mails: accepted } = await start({});
  const headers = { "List-Unsubscribe": "<https://site.example/l/1>" };
  const wild = mailTo("p1@example.com", { html: "<p>Hello</p>", reply_to: "Bob <bob@example.com>", headers });
  expect(await mailer(url).sendBatch([wild, mailTo("p2@example.com")], "k")).toEqual({
    kind: "taken",
    results: [sent, sent],
  });
  const [raw = ""] = accepted.get("p1@example.com") ?? [];
  for (const line of [
    "From: Ada <ada@example.com>",
    "Reply-To: Bob <bob@example.com>",
    "List-Unsubscribe: <https://site.example/l/1>",
    "Content-Type: multipart/alternative",
    "Content-Type: text/plain",
    "Content-Type: text/html",
  ]) {
    expect(raw).toContain(line);
  }
});

describe("a mail that the server refuses", () => {
  test.each([
    [
      "its address",
      { onRecipient: (to: string) => (to.startsWith("p2") ? 550 : "accept") },
      "invalid_recipient",
    ],
    ["its content", { onMail: (to: string) => (to.startsWith("p2") ? 554 : "accept") }, "provider_rejected"],
  ] as const)("for good because of %s fails alone", async (_, settings, code) => {
    const { url, mails: accepted } = await start(settings);
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "taken",
      results: [sent, { code }, sent],
    });
    expect([...accepted.keys()]).toEqual(["p1@example.com", "p3@example.com"]);
  });

  test.each([
    "450 4.1.2 Recipient address rejected: Domain not found",
    "450 4.1.10 Recipient address has a null MX",
    "452 4.2.2 Mailbox full",
  ] as const)("temporarily because of this recipient alone fails alone: %s", async (refusal) => {
    const { url } = await start({ onRecipient: (to) => (to.startsWith("p2") ? refusal : "accept") });
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "taken",
      results: [sent, { code: "invalid_recipient", words: expect.stringContaining(refusal) }, sent],
    });
  });

  test.each([
    "450 4.1.8 Sender address rejected: Domain not found",
    "450 4.2.0 Greylisted",
    "451 4.7.1 Try again later",
    "450 <4.1.2@example.com>: try again later",
  ] as const)("temporarily, and not because of this recipient, makes the rest wait: %s", async (refusal) => {
    const { url } = await start({ onRecipient: (to) => (to.startsWith("p2") ? refusal : "accept") });
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "refused",
      error: { code: "provider_rate_limited" },
      results: [sent],
    });
  });

  test.each([
    ["its address", { onRecipient: (to: string) => (to.startsWith("p2") ? 450 : "accept") }],
    ["its content", { onMail: (to: string) => (to.startsWith("p2") ? 451 : "accept") }],
  ] as const)("temporarily because of %s makes the rest of the batch wait", async (_, settings) => {
    const { url } = await start(settings);
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "refused",
      error: { code: "provider_rate_limited", retryAfterMs: 60_000 },
      results: [sent],
    });
  });
});

test("a mail that was sent without getting an answer is in doubt, and the rest of the batch was not sent", async () => {
  const { url, mails: accepted } = await start({ onMail: (to) => (to.startsWith("p2") ? "drop" : "accept") });
  expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
    kind: "refused",
    error: { code: "provider_unavailable" },
    results: [sent, { doubt: expect.any(String) }],
  });
  expect([...accepted.keys()]).toEqual(["p1@example.com", "p2@example.com"]);
});

describe("a batch is refused as a whole when the server", () => {
  test("refuses our password", async () => {
    const { url } = await start({ password: "another" });
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "refused",
      error: { code: "provider_unauthorized" },
    });
  });

  test("cannot be reached", async () => {
    const { url } = await start({});
    await server?.close();
    expect(await mailer(url).sendBatch(mails, "k")).toMatchObject({
      kind: "refused",
      error: { code: "provider_unavailable" },
    });
  });

  test("does not offer encryption in production", async () => {
    const { url, mails: accepted } = await start({});
    const answer = await smtpMailer({ SMTP_URL: url, NIGHTSHIFT_ENV: "production" }, unlimited).sendBatch(
      mails,
      "k",
    );
    expect(answer).toMatchObject({ kind: "refused", error: { code: "provider_unavailable" } });
    expect(accepted.size).toBe(0);
  });
});

test("the mails that the pace does not let begin in time are not sent, and the others are", async () => {
  const { url, mails: accepted } = await start({});
  for (const end of [() => Promise.resolve(false), () => Promise.reject(new Error("the database is away"))]) {
    let begun = 0;
    const pace = { ofBatch: () => () => (begun++ < 2 ? Promise.resolve(true) : end()) };
    expect(await mailer(url, pace).sendBatch(mails, "k")).toEqual({ kind: "taken", results: [sent, sent] });
  }
  expect([...accepted.keys()]).toEqual(["p1@example.com", "p2@example.com"]);
});
