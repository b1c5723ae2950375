import { afterEach, describe, expect, test } from "vitest";
import { type PaymentShop, paymentShop } from "../support/payment-shop.ts";
import { startSmtp } from "../support/smtp.ts";

let shop: PaymentShop;
afterEach(() => shop.close());

const receipt = { key: "receipt:1", template: "payment-receipt", to: "ada@example.com", owner: "alice" };
const fields = { order: "1", amountCents: 100, currency: "usd" };

/** Makes a mail as a room does, in a transaction of the database. */
const insert = (mail: object = {}) =>
  shop.rows("select private.send_mail($1, $2)", [
    JSON.stringify({ ...receipt, fields, ...mail }),
    shop.engine.clock.now(),
  ]);
/** Housekeeping sends the events that no route has sent. */
async function sendEvents() {
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
}
async function make(mail: object = {}) {
  await insert(mail);
  await sendEvents();
}
const mailRows = () => shop.rows("select message_id is not null as is_sent, fields, asked_at from mails");
const letterCodes = async () =>
  (await shop.rows("select error_code from dead_letter_queue order by error_code")).map(
    (row) => row["error_code"],
  );

test("a mail is made once for each key, is sent once, and its values are deleted then", async () => {
  shop = await paymentShop();
  await make();
  await make({ to: "eve@example.com" });
  await shop.settled();
  expect(await shop.mails()).toMatchObject([{ to: ["ada@example.com"], subject: "Payment received!" }]);
  expect(await mailRows()).toMatchObject([{ is_sent: true, fields: {} }]);
});

test("a mail that the provider takes without an answer is asked for again under the same key, and sent once", async () => {
  shop = await paymentShop();
  await shop.steerMail("faults", { rules: [{ dropAnswer: true, count: 2 }] });
  await make();
  await shop.settled();
  expect(await shop.mails()).toHaveLength(1);
});

test("without keys at the provider, a clear refusal is tried again, and a lost answer is unknown", async () => {
  shop = await paymentShop({ env: { MAIL_IDEMPOTENT: "false" } });
  await shop.steerMail("idempotency", { honored: false });
  await shop.steerMail("faults", { rules: [{ status: 429, retryAfter: 1, count: 2 }] });
  await make();
  await shop.settled();
  expect(await shop.mails()).toHaveLength(1);

  await shop.steerMail("faults", { rules: [{ dropAnswer: true, count: 1 }] });
  await make({ key: "receipt:2" });
  await shop.settled();
  expect(await letterCodes()).toEqual(["outcome_unknown"]);
  expect((await shop.mails()).length).toBeLessThanOrEqual(2);
});

test("a mail whose key the provider has forgotten is not sent again", async () => {
  shop = await paymentShop();
  await insert();
  await shop.rows("update mails set asked_at = $1, provider = 'resend'", [
    new Date(shop.engine.clock.now().getTime() - 25 * 3_600_000),
  ]);
  await sendEvents();
  await shop.settled();
  expect(await shop.mails()).toEqual([]);
  expect(await letterCodes()).toEqual(["outcome_unknown"]);
});

test("a refused address and a wrong template are dead letters at once", async () => {
  shop = await paymentShop();
  await shop.steerMail("reject", { addresses: ["ada@example.com"] });
  await make();
  await make({ key: "other", to: "eve@example.com", template: "no-such-mail" });
  await shop.settled();
  expect(await letterCodes()).toEqual(["configuration", "invalid_recipient"]);
  expect(await shop.mails()).toEqual([]);
});

test("old mails are deleted", async () => {
  shop = await paymentShop();
  await make();
  await shop.settled();
  await shop.engine.advance("91d");
  await shop.app.keepHouse();
  expect(await mailRows()).toEqual([]);
});

describe("with SMTP alone, which has no keys, a mail that was never handed over is sent later", () => {
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  let admin: Record<string, string>;
  afterEach(() => smtp.close());
  const open = async () => {
    smtp = await startSmtp();
    shop = await paymentShop({ env: { MAIL_PROVIDERS: "smtp", SMTP_URL: smtp.url } });
    admin = { authorization: `Bearer ${await shop.keyOf("operator", "admin")}` };
  };
  const act = async (path: string, body: object = {}) => {
    const answer = await shop.post(path, body, admin);
    expect(answer.status).toBeLessThan(300);
    await shop.settled();
    return answer.body;
  };

  test("when the suppression of its address is lifted", async () => {
    await open();
    const { id } = await act("/api/suppressions", { address: "ada@example.com", scope: "all" });
    await make();
    await shop.settled();
    const [job] = await shop.rows("select id, status from jobs where function_id = 'send-mail'");
    expect(job).toMatchObject({ status: "skipped" });
    await act(`/api/suppressions/${id}/lift`, { because: "asked to come back" });
    await act(`/api/jobs/${job.id}/run-again`);
    expect(await letterCodes()).toEqual([]);
    expect(smtp.mails.get("ada@example.com")).toHaveLength(1);
  });

  test("when its template is there", async () => {
    await open();
    await make({ template: "no-such-mail" });
    await shop.settled();
    await shop.rows("update mails set template = 'payment-receipt'");
    const [letter] = await shop.rows("select id, error_code from dead_letter_queue");
    expect(letter).toMatchObject({ error_code: "configuration" });
    await act(`/api/dead-letters/${letter.id}/reprocess`);
    expect(await letterCodes()).toEqual(["configuration"]);
    expect(smtp.mails.get("ada@example.com")).toHaveLength(1);
  });

  test("but not when it was asked for before, also if its template is missing now", async () => {
    await open();
    await insert({ template: "no-such-mail" });
    await shop.rows("update mails set asked_at = $1, provider = 'smtp'", [shop.engine.clock.now()]);
    await sendEvents();
    await shop.settled();
    expect(await letterCodes()).toEqual(["outcome_unknown"]);
    expect(smtp.mails.size).toBe(0);
  });
});

test("a wrong template does not take back that the provider may have the mail", async () => {
  shop = await paymentShop();
  await insert({ template: "no-such-mail" });
  await shop.rows("update mails set asked_at = $1, provider = 'resend'", [shop.engine.clock.now()]);
  await sendEvents();
  await shop.settled();
  expect(await letterCodes()).toEqual(["configuration"]);
  expect(await shop.rows("select asked_at is not null as is_asked from mails")).toEqual([{ is_asked: true }]);
});

describe("S4-49: with SMTP as the second provider", () => {
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  afterEach(() => smtp.close());
  const open = async () => {
    smtp = await startSmtp();
    shop = await paymentShop({ env: { MAIL_PROVIDERS: "resend,smtp", SMTP_URL: smtp.url } });
  };

  test("SMTP sends a mail when Resend refuses all our mail", async () => {
    await open();
    await shop.steerMail("keys", { accept: ["another"] });
    await make();
    await shop.settled();
    expect(smtp.mails.get("ada@example.com")).toHaveLength(1);
    expect(await shop.rows("select provider from mails")).toEqual([{ provider: "smtp" }]);
  });

  test("SMTP does not send a mail that Resend may have sent", async () => {
    await open();
    await shop.steerMail("faults", { rules: [{ dropAnswer: true, count: 1 }, { status: 401 }] });
    await make();
    await shop.settled();
    expect(smtp.mails.size).toBe(0);
    expect(await shop.mails()).toHaveLength(1);
    expect(await letterCodes()).toEqual(["provider_unauthorized"]);
  });
});
