import { createImagesProvider } from "@nightshift/local/providers/images/provider.ts";
import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { expect, test } from "vitest";
import { allFunctions } from "#functions.ts";
import { workshop } from "../support/workshop.ts";

test("S2-9: mails and pictures wait in separate queues, each with its own concurrency", async () => {
  let answerMails = () => {};
  const mailsAreHeld = new Promise<void>((resolve) => {
    answerMails = resolve;
  });
  const mail = createMailProvider();
  const images = createImagesProvider({ settings: { failureRate: 0, latencyMs: 0, hold: true } });
  const shop = await workshop({
    functions: (platform) => allFunctions(platform).filter((fn) => !LISTENERS.has(fn.id())),
    env: {
      PLAN: "pro",
      CAMPAIGN_PART_SIZE: "1",
      CAMPAIGN_BATCH_SIZE: "1",
      MAIL_REQUESTS_PER_SECOND: "0",
      IMAGES_BASE_URL: "http://images.local/images",
      IMAGES_SIZE: "32",
    },
    hosts: {
      "mail.local": (request) => mailsAreHeld.then(() => mail.fetch(request)),
      "images.local": (request) => images.fetch(request),
    },
  });
  const control = (path: string, body?: unknown) =>
    images.fetch(
      new Request(`http://images.local/_control/images${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  const count = async (sql: string) => (await shop.rows(`select count(*)::int as n from ${sql}`))[0].n;
  const mailsAtWork = () => count("job_parts where status = 'claimed'");
  const picturesAtWork = async () => (await (await control("")).json()).stats.inFlight;
  const pictures = (status: string) => count(`image_tasks where status = '${status}'`);
  try {
    const { body: list } = await shop.call("POST", "/api/lists", { name: "People" });
    const people = Array.from({ length: 12 }, (_, n) => ({ email: `p${n}@example.com` }));
    await shop.call("POST", `/api/lists/${list.id}/subscribers`, people);
    await shop.call("POST", "/api/newsletter", {
      listId: list.id,
      subject: "News",
      html: "<p>Hello</p>",
      from: "ada@example.com",
    });
    const wait = { timeout: 30_000 };
    await expect.poll(mailsAtWork, wait).toBe(10);

    for (let n = 0; n < 7; n++) await shop.call("POST", "/api/tasks", { prompt: `boat ${n}` });
    await expect.poll(picturesAtWork, wait).toBe(5);
    expect(await pictures("pending")).toBe(2);
    await control("", { hold: false });
    await expect.poll(() => pictures("completed"), wait).toBe(7);
    expect(await mailsAtWork()).toBe(10);

    answerMails();
    await expect.poll(() => count("campaigns where status = 'completed'"), wait).toBe(1);
  } finally {
    answerMails();
    await control("", { hold: false });
    await shop.close();
    mail.close();
    images.close();
  }
});

/** The workshop has these two already. */
const LISTENERS = new Set(["catch-failures", "record-cancellations"]);
