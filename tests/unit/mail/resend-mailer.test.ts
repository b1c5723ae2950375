import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "#lib/clock.ts";
import { writeMail } from "#mail/mailer.ts";
import { resendMailer } from "#mail/resend-mailer.ts";
import { asHeader, asPlainText, fillTemplate, parseTemplate } from "#mail/template.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settings = { RESEND_BASE_URL: "http://resend.test", RESEND_API_KEY: "key", MAIL_IDEMPOTENT: true };
const sendOne = (fetch: typeof globalThis.fetch) =>
  resendMailer(settings, fetch, systemClock).sendBatch(["{}"], "campaign:1");

test("a request without an answer is aborted after 20 s, and its outcome is unknown", async () => {
  const aborted = vi.fn();
  const silent: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => {
        aborted();
        reject(init.signal?.reason);
      });
    });
  const answer = sendOne(silent);
  await vi.advanceTimersByTimeAsync(19_999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toMatchObject({ kind: "unknown", error: { code: "provider_timeout" } });
  expect(aborted).toHaveBeenCalledOnce();
});

test("an answer clears the timeout", async () => {
  const answer = await sendOne(async () => Response.json({ data: [{ id: "m-1" }] }));
  expect(answer).toEqual({ kind: "taken", results: [{ messageId: "m-1" }] });
  expect(vi.getTimerCount()).toBe(0);
});

test("headers are filled for each recipient, and a value cannot start another header", () => {
  const mail = writeMail({
    from: "Ada <ada@example.com>",
    to: parseTemplate("{{email}}", asPlainText),
    subject: parseTemplate("News", asHeader),
    html: undefined,
    text: parseTemplate("Hello", asPlainText),
    reply_to: undefined,
    headers: { "List-Unsubscribe": parseTemplate("<https://site.example/l/{{link}}>", asHeader) },
    tags: [],
  });
  const filled = (link: string) => JSON.parse(fillTemplate(mail, () => link, [])) as unknown;
  expect(filled("a1")).toMatchObject({ headers: { "List-Unsubscribe": "<https://site.example/l/a1>" } });
  expect(filled("a1>\r\nBcc: <x")).toMatchObject({
    headers: { "List-Unsubscribe": "<https://site.example/l/a1> Bcc: <x>" },
  });
});
