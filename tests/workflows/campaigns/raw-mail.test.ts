/** Mails as a recipient's mail program gets them, read by a parser that has no part in writing them. */
import { type ParsedMail, simpleParser } from "mailparser";
import MailComposer from "nodemailer/lib/mail-composer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROADCAST_ENV } from "../../support/broadcast.ts";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";
import { startSmtp } from "../../support/smtp.ts";

const RECIPIENT = "p1@example.com";
const HTML =
  '<p>Grüße, {{ name | dear friend }} &amp; Co</p><a href="https://x.example/?n={{ name | url_encode }}">Shop</a>';

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let house: CampaignHouse;
const mails: { bySmtp?: ParsedMail; byResend?: ParsedMail; receipt?: ParsedMail } = {};

/** The text of the mail in the preview. */
const previews: { bySmtp?: string; byResend?: string } = {};

beforeAll(async () => {
  smtp = await startSmtp();
  mails.byResend = await campaignMail("resend");
  await house.close();
  mails.bySmtp = await campaignMail("smtp");
  mails.receipt = await receipt();
});
afterAll(async () => {
  await house.close();
  await smtp.close();
});

/** Sends a campaign to one recipient and reads its mail. */
async function campaignMail(provider: "resend" | "smtp"): Promise<ParsedMail> {
  const bodies: Record<string, unknown>[] = [];
  house = await campaignHouse({
    env: { MAIL_PROVIDERS: provider, SMTP_URL: smtp.url },
    beforeMail: async (request) => {
      if (request.url.endsWith("/emails/batch")) bodies.push(...(await request.clone().json()));
    },
  });
  const { campaignId } = await house.draft(1, { html: HTML });
  const { body: preview } = await house.call("POST", `/api/campaigns/${campaignId}/preview`);
  previews[provider === "smtp" ? "bySmtp" : "byResend"] = preview.samples[0].text.trim();
  const { send, completed } = campaignTalk(() => house);
  await send(campaignId);
  await completed(campaignId);
  if (provider === "smtp") return simpleParser(smtp.mails.get(RECIPIENT)?.[0] ?? "");
  // Resend makes the mail from these fields. As far as its documentation says, it copies the headers.
  const [{ tags: _tags, reply_to: replyTo, ...fields } = {}] = bodies;
  return simpleParser(await new MailComposer({ ...fields, replyTo: replyTo as string }).compile().build());
}

/** Sends a mail that answers what a person did, and reads it. */
async function receipt(): Promise<ParsedMail> {
  const fields = { order: "1", amountCents: 100, currency: "usd" };
  const mail = {
    key: "receipt:1",
    template: "payment-receipt",
    to: "ada@example.com",
    owner: "alice",
    fields,
  };
  await house.db.sql.query("select private.send_mail($1, $2)", [
    JSON.stringify(mail),
    house.engine.clock.now(),
  ]);
  await house.engine.advance("1m");
  await house.app.keepHouse();
  await house.engine.waitFor(() => smtp.mails.has("ada@example.com"));
  return simpleParser(smtp.mails.get("ada@example.com")?.[0] ?? "");
}

const rawHeader = (mail: ParsedMail | undefined, name: string): string[] =>
  (mail?.headerLines ?? [])
    .filter(({ key }) => key === name)
    .map(({ line }) =>
      line
        .slice(line.indexOf(":") + 1)
        .replaceAll(/\r?\n\s+/g, " ")
        .trim(),
    );
const linkOf = (mail: ParsedMail | undefined) =>
  new URL(/^<([^>]+)>$/.exec(rawHeader(mail, "list-unsubscribe")[0] ?? "")?.[1] ?? "missing:");

describe.each(["bySmtp", "byResend"] as const)("RFC 8058: a campaign's mail, %s,", (which) => {
  test("has one List-Unsubscribe header, with one address, which is https", () => {
    const headers = rawHeader(mails[which], "list-unsubscribe");
    expect(headers).toHaveLength(1);
    expect(headers[0]).toMatch(/^<https:\/\/[^<>,\s]+>$/);
    expect(linkOf(mails[which]).origin).toBe(BROADCAST_ENV.URL);
  });

  test("has one List-Unsubscribe-Post header, with exactly the pair that the RFC demands", () => {
    expect(rawHeader(mails[which], "list-unsubscribe-post")).toEqual(["List-Unsubscribe=One-Click"]);
  });

  test("names the recipient in an opaque part of the address: neither address nor name is in it, and no query", () => {
    const link = linkOf(mails[which]);
    expect(link.pathname).toMatch(/^\/l\/[\w-]{59,60}$/);
    expect(link.search + link.hash).toBe("");
    const bytes = Buffer.from(link.pathname.slice(3), "base64url").toString("latin1");
    // Two letters such as "p1" can occur in a signature by chance.
    for (const known of [RECIPIENT, "example.com", "Person"])
      expect(`${decodeURIComponent(link.href.slice(BROADCAST_ENV.URL.length))} ${bytes}`).not.toContain(
        known,
      );
  });

  test("shows the same link and the postal address to people, in HTML and in text", () => {
    const { html, text } = mails[which] ?? {};
    expect(html).toContain(`href="${linkOf(mails[which]).href}"`);
    expect(html).toContain(BROADCAST_ENV.POSTAL_ADDRESS);
    expect(text).toContain(linkOf(mails[which]).href);
    expect(text).toContain(BROADCAST_ENV.POSTAL_ADDRESS);
  });

  test("has a text part although its author wrote only HTML, with this recipient's values", () => {
    expect(mails[which]?.text).toMatch(/^Grüße, Person 1 & Co\n/);
  });

  test("has the value that a link's query asks for, percent-encoded in HTML and text", () => {
    expect(mails[which]?.html).toContain('href="https://x.example/?n=Person%201"');
    expect(mails[which]?.text).toContain("Shop [https://x.example/?n=Person%201]");
  });

  test("has the text that the preview has shown", () => {
    expect(mails[which]?.text?.trim()).toBe(previews[which]);
  });

  test("names its sender and its recipient, and its subject and content are readable in any language", () => {
    const mail = mails[which];
    expect(mail?.from?.value).toEqual([{ address: "ada@example.com", name: "Ada" }]);
    expect([mail?.to].flat().flatMap((to) => to?.value ?? [])).toEqual([{ address: RECIPIENT, name: "" }]);
    expect(mail?.subject).toBe("News for Person 1");
    expect(mail?.html).toContain("<p>Grüße, Person 1 &amp; Co</p>");
  });
});

describe("RFC 8058: what the address of the header does", () => {
  const knock = (method: string, body?: BodyInit) =>
    house.app.doors.api(
      new Request(linkOf(mails.bySmtp), { method, ...(body === undefined ? {} : { body }) }),
    );
  const status = async () =>
    (await house.db.sql.query("select status from email_subscribers where email = $1", [RECIPIENT])).rows[0]
      ?.status;

  test.each(["GET", "HEAD"])("%s changes nothing, and does not redirect", async (method) => {
    const answer = await knock(method);
    expect([answer.status, answer.headers.get("location"), answer.headers.get("set-cookie")]).toEqual([
      200,
      null,
      null,
    ]);
    expect(await status()).toBe("active");
  });

  test("a POST with a forged token does nothing", async () => {
    const { href } = linkOf(mails.bySmtp);
    const forged = `${href.slice(0, -4)}${href.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
    const body = new URLSearchParams({ "List-Unsubscribe": "One-Click" });
    expect((await house.app.doors.api(new Request(forged, { method: "POST", body }))).status).toBe(404);
    expect(await status()).toBe("active");
  });

  test("a POST with only the pair of the header, and without cookie or login, unsubscribes at once without a redirect", async () => {
    const [pair = ""] = rawHeader(mails.bySmtp, "list-unsubscribe-post");
    const answer = await knock("POST", new URLSearchParams(pair));
    expect([answer.status, answer.headers.get("location")]).toEqual([200, null]);
    expect(await status()).toBe("unsubscribed");
  });
});

test("a mail that answers what a person did has text and HTML, and no header to unsubscribe", () => {
  const { receipt: mail } = mails;
  expect(mail?.subject).toBe("Payment received!");
  expect([mail?.to].flat().flatMap((to) => to?.value ?? [])).toEqual([
    { address: "ada@example.com", name: "" },
  ]);
  expect(mail?.text).toContain("$1.00");
  expect(mail?.html).toContain("$1.00");
  expect(rawHeader(mail, "list-unsubscribe")).toEqual([]);
  expect(rawHeader(mail, "list-unsubscribe-post")).toEqual([]);
});
