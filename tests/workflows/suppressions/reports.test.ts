/** Resend's reports change who is mailed: from the signed webhook to the rows and the mails. */
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type CampaignHouse,
  campaignHouse,
  campaignTalk,
  ONE_BATCH_AT_A_TIME,
} from "../../support/campaign-house.ts";
import { REPORTS_SECRET, sendReport } from "../../support/reports.ts";

let house: CampaignHouse;
afterEach(() => house.close());
const { campaign, send, completed, firstLetter, letters } = campaignTalk(() => house);
const admin = { as: "admin" } as const;

type Options = Parameters<typeof campaignHouse>[0];
const open = async ({ env, ...more }: NonNullable<Options> = {}) => {
  house = await campaignHouse({
    env: {
      CAMPAIGN_PART_SIZE: "20",
      CAMPAIGN_BATCH_SIZE: "10",
      RESEND_WEBHOOK_SECRET: REPORTS_SECRET,
      WEBHOOK_KEYS: `test:${Buffer.alloc(32, 1).toString("base64")}`,
      ...env,
    },
    ...more,
  });
};

const isHandled = async () =>
  (await rows("select from jobs where function_id = 'process-webhook' and ended_at is null")).length === 0;
const rows = async (sql: string, values: unknown[] = []) => (await house.db.sql.query(sql, values)).rows;
const minutes = (count: number) => new Date(house.engine.clock.now().getTime() + count * 60_000);

/** Sends a report and waits until it was handled. */
async function report(
  type: string,
  data: Record<string, unknown>,
  at = minutes(0),
  id: string = randomUUID(),
) {
  const now = house.engine.clock.now();
  expect(await sendReport(house.app.doors.api, { type, at, id, data }, now)).toBe(200);
  await house.engine.waitFor(isHandled, { within: "1d" });
}
const to = (address: string, more: object = {}) => ({ email_id: randomUUID(), to: [address], ...more });
const hard = { bounce: { type: "Permanent", subType: "General", message: "550 5.1.1 no such user" } };
const soft = { bounce: { type: "Transient", subType: "MailboxFull", message: "452 4.2.2 full" } };
const refused = {
  bounce: { type: "Permanent", subType: "General", diagnosticCode: ["smtp; 550 5.7.26 unauthenticated"] },
};

const active = async (address: string): Promise<string[]> =>
  (
    await rows("select reason from suppressions where address = $1 and is_active order by reason", [address])
  ).map(({ reason }) => reason);
const statusOf = async (address: string) =>
  (await rows("select status from email_subscribers where email = $1", [address]))[0]?.status;
const mailed = async (): Promise<string[]> => {
  const url = "http://mail.local/_control/messages?limit=1000";
  const { messages } = await (await house.provider.fetch(new Request(url))).json();
  return messages.flatMap((mail: { to: string[] }) => mail.to);
};
const slack = async (): Promise<string[]> => {
  const told = await house.provider.fetch(new Request("http://mail.local/_control/slack"));
  return (await told.json()).messages.map(({ message }: { message: { text: string } }) => message.text);
};

const isStop = (text: string) =>
  text.startsWith("Receiving servers refuse our domain, so campaigns were stopped");

describe("an address is suppressed for all mail at once", () => {
  test.each([
    ["after a hard bounce", "email.bounced", hard, "bounced", "bounced"],
    ["after a complaint", "email.complained", {}, "complained", "complained"],
    ["when the provider suppressed its mail", "email.suppressed", {}, "by_provider", "suppressed"],
  ])("%s", async (_, type, more, reason, status) => {
    await open();
    const { campaignId } = await house.draft(3);
    await report(type, to("P1@example.com", more));
    expect(await active("p1@example.com")).toEqual([reason]);
    expect(await statusOf("p1@example.com")).toBe(status);
    await send(campaignId);
    await completed(campaignId);
    expect((await mailed()).toSorted()).toEqual(["p2@example.com", "p3@example.com"]);
  });

  test("and the rest of a running campaign skips it", async () => {
    let isFirst = true;
    await open({
      env: ONE_BATCH_AT_A_TIME,
      beforeMail: async () => {
        if (!isFirst) return;
        isFirst = false;
        const complaint = { type: "email.complained", at: minutes(0), data: to("p40@example.com") };
        await sendReport(house.app.doors.api, complaint);
        await vi.waitFor(async () => expect(await active("p40@example.com")).not.toEqual([]), 10_000);
      },
    });
    const { campaignId } = await house.draft(40);
    await send(campaignId);
    await completed(campaignId);
    expect(await mailed()).not.toContain("p40@example.com");
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 39, skipped: 1 } });
  });
});

describe("soft bounces suppress an address only when there are too many within the window", () => {
  const LIMIT = { MAIL_SOFT_BOUNCES: "3", MAIL_SOFT_BOUNCE_DAYS: "10" };
  const day = 24 * 60;
  const bounceOn = (days: number) =>
    report("email.bounced", to("p1@example.com", soft), minutes(-days * day));

  test.each([
    ["in order", [6, 4, 2]],
    ["in another order", [2, 6, 4]],
  ])("%s", async (_, days) => {
    await open({ env: LIMIT });
    await house.draft(1);
    const [first = 0, second = 0, third = 0] = days;
    await bounceOn(first);
    await bounceOn(second);
    expect(await active("p1@example.com")).toEqual([]);
    await bounceOn(third);
    expect(await active("p1@example.com")).toEqual(["bounced"]);
  });

  test("older ones, other addresses and repeated reports of one mail do not count", async () => {
    await open({ env: LIMIT });
    await house.draft(2);
    await bounceOn(12);
    await bounceOn(1);
    await report("email.bounced", to("p2@example.com", soft));
    const same = to("p1@example.com", soft);
    for (const _ of [1, 2, 3]) await report("email.bounced", same);
    expect(await active("p1@example.com")).toEqual([]);
    expect(await statusOf("p1@example.com")).toBe("active");
  });

  test("after an administrator has taken the suppression back, the count begins again", async () => {
    await open({ env: LIMIT });
    await house.draft(1);
    for (const days of [3, 2, 1]) await bounceOn(days);
    const { body } = await house.call("GET", "/api/suppressions?address=p1@example.com", undefined, admin);
    const because = "the mailbox has space again";
    await house.call("POST", `/api/suppressions/${body.items[0].id}/lift`, { because }, admin);
    await house.engine.advance("1h");
    for (const _ of [1, 2]) await bounceOn(0);
    expect(await active("p1@example.com")).toEqual([]);
    await bounceOn(0);
    expect(await active("p1@example.com")).toEqual(["bounced"]);
  });

  test("bounces are deleted when the window has passed", async () => {
    await open({ env: LIMIT });
    await bounceOn(1);
    await house.engine.advance("8d");
    await house.app.keepHouse();
    expect(await rows("select kind from mail_bounces")).toEqual([{ kind: "soft" }]);
    await house.engine.advance("2d");
    await house.app.keepHouse();
    expect(await rows("select kind from mail_bounces")).toEqual([]);
  });
});

describe("the provider's own list", () => {
  const removal = (origin: string) => ({ id: "s1", email: "p1@example.com", origin });

  test.each([
    ["bounce", "bounced"],
    ["complaint", "complained"],
    ["manual", "by_provider"],
  ])(
    "an entry because of a %s suppresses, and its removal takes that back, in any order",
    async (origin, reason) => {
      await open();
      await house.draft(1);
      await report("suppression.added", removal(origin), minutes(-10));
      expect(await active("p1@example.com")).toEqual([reason]);
      await report("suppression.removed", removal(origin), minutes(-5));
      expect(await active("p1@example.com")).toEqual([]);
      expect(await statusOf("p1@example.com")).toBe("active");
      // Both again, late and reversed.
      await report("suppression.removed", removal(origin), minutes(-5));
      await report("suppression.added", removal(origin), minutes(-10));
      expect(await active("p1@example.com")).toEqual([]);
      await report("suppression.added", removal(origin), minutes(-1));
      expect(await active("p1@example.com")).toEqual([reason]);
    },
  );

  test("a removal that arrives before the bounce which came earlier still wins", async () => {
    await open();
    await house.draft(1);
    await report("suppression.removed", removal("bounce"), minutes(-5));
    await report("email.bounced", to("p1@example.com", hard), minutes(-10));
    expect(await active("p1@example.com")).toEqual([]);
    expect(await statusOf("p1@example.com")).toBe("active");
  });

  test("its removal leaves what the person or an administrator of ours decided", async () => {
    await open();
    const { listId } = await house.draft(1);
    await house.call("POST", "/api/suppressions", { address: "p1@example.com", scope: "all" }, admin);
    await rows("select private.suppress($1, $2)", [
      JSON.stringify([
        { address: "p1@example.com", scope: "list", listId, reason: "unsubscribed", source: "link" },
        { address: "p1@example.com", scope: "all", reason: "bounced", source: "key:admin" },
      ]),
      minutes(0),
    ]);
    await report("suppression.added", removal("manual"), minutes(-2));
    await house.engine.advance("5m");
    await report("suppression.removed", removal("manual"), minutes(-1));
    await report("suppression.removed", removal("bounce"), minutes(-1));
    expect(await active("p1@example.com")).toEqual(["bounced", "by_hand", "unsubscribed"]);
  });
});

describe("receiving servers that refuse our domain (5.7.x)", () => {
  const withCampaign = (address: string, campaignId: string, more: object) =>
    to(address, { tags: { campaign_id: campaignId }, ...more });

  test("suppress no address, stop the running campaign, and alert; a reprocess lets it go on", async () => {
    let campaignId = "";
    let isFirst = true;
    await open({
      env: { ...ONE_BATCH_AT_A_TIME, MAIL_REFUSALS: "1" },
      beforeMail: async () => {
        if (!isFirst) return;
        isFirst = false;
        const bounce = withCampaign("p1@example.com", campaignId, refused);
        await sendReport(house.app.doors.api, { type: "email.bounced", at: minutes(0), data: bounce });
        const stopped = () => rows("select from campaigns where stopped_at is not null");
        await vi.waitFor(async () => expect(await stopped()).toHaveLength(1), 10_000);
      },
    });
    ({ campaignId } = await house.draft(60));
    await send(campaignId);
    await firstLetter();
    await house.engine.waitFor(async () => (await campaign(campaignId)).status === "blocked", {
      within: "1d",
    });
    const stopped = await campaign(campaignId);
    expect(stopped.blocked).toMatchObject({ code: "sender_refused" });
    expect(stopped.note).toBe("Receiving servers refuse our domain (Permanent, General, 5.7.26)");
    const before = (await mailed()).length;
    expect(before).toBeLessThan(60);
    expect(await active("p1@example.com")).toEqual([]);
    await house.app.keepHouse();
    await house.engine.idle();
    expect((await slack()).filter(isStop)).toHaveLength(1);
    expect(await rows("select owner, type from notifications")).toContainEqual({
      owner: "alice",
      type: "CAMPAIGN_STOPPED",
    });

    for (const { id } of await letters())
      await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, admin);
    await completed(campaignId);
    expect(await mailed()).toHaveLength(60);
    expect(await campaign(campaignId)).toMatchObject({ note: null, counts: { sent: 60 } });
  });

  test("stop it only when the configured number of domains refused, each mail counted once", async () => {
    await open({ env: { MAIL_REFUSALS: "2" } });
    const { campaignId } = await house.draft(5);
    await send(campaignId);
    await completed(campaignId);
    const one = withCampaign("p1@example.com", campaignId, refused);
    await report("email.bounced", one);
    await report("email.bounced", one);
    await house.app.keepHouse();
    expect((await slack()).filter(isStop)).toEqual([]);
    await report("email.bounced", withCampaign("p2@example.com", campaignId, refused));
    await house.app.keepHouse();
    expect((await slack()).filter(isStop)).toEqual([]);
    await report("email.bounced", withCampaign("p3@two.example", campaignId, refused));
    await report("email.bounced", withCampaign("p4@three.example", campaignId, refused));
    await house.app.keepHouse();
    await house.engine.idle();
    // The campaign was over: there is nothing to stop, but people are told once.
    expect((await slack()).filter(isStop)).toHaveLength(1);
    expect(await active("p1@example.com")).toEqual([]);
  });

  test("stop it when one domain alone refuses ten times as many mails", async () => {
    await open({ env: { MAIL_REFUSALS: "2" } });
    const { campaignId } = await house.draft(4);
    const isStopped = async () =>
      (await rows("select from campaigns where stopped_at is not null")).length > 0;
    for (let n = 1; n <= 20; n += 1) {
      expect(await isStopped()).toBe(false);
      await report("email.bounced", withCampaign(`p${n}@large.example`, campaignId, refused));
    }
    expect(await isStopped()).toBe(true);
  });

  test("from before a campaign was resumed do not count", async () => {
    await open({ env: { MAIL_REFUSALS: "2" } });
    const { campaignId } = await house.draft(4);
    const refuse = (n: number) =>
      report("email.bounced", withCampaign(`p@${n}.example`, campaignId, refused));
    const isStopped = async () =>
      (await rows("select from campaigns where stopped_at is not null")).length > 0;
    await refuse(1);
    await refuse(2);
    expect(await isStopped()).toBe(true);
    await rows("update campaigns set stopped_at = null, note = null, resumed_at = $1", [minutes(0)]);
    await house.engine.advance("1m");
    await refuse(3);
    expect(await isStopped()).toBe(false);
    await refuse(4);
    expect(await isStopped()).toBe(true);
  });
});

describe("the row of a mail shows the report that says most", () => {
  const reported = async (campaignId: string) =>
    (await house.call("GET", `/api/campaigns/${campaignId}/sends`)).body.items[0].reported;
  const TYPES = [
    ["email.delivered", {}],
    ["email.bounced", soft],
    ["email.complained", {}],
  ] as const;

  test.each([
    ["in order", [0, 1, 2]],
    ["reversed", [2, 1, 0]],
    ["mixed and twice", [1, 2, 0, 1, 2, 0]],
  ])("%s", async (_, order) => {
    await open();
    const { campaignId } = await house.draft(1);
    await send(campaignId);
    await completed(campaignId);
    const [mail] = await rows("select provider_message_id from campaign_sends");
    const data = {
      email_id: mail.provider_message_id,
      to: ["p1@example.com"],
      tags: { campaign_id: campaignId },
    };
    for (const index of order) {
      const [type = "", more = {}] = TYPES[index] ?? [];
      await report(type, { ...data, ...more });
    }
    expect(await reported(campaignId)).toBe("complained");
  });

  test("also when it comes before the provider's answer is stored, but not when it is about another mail", async () => {
    await open();
    const { campaignId } = await house.draft(1);
    await send(campaignId);
    await completed(campaignId);
    await report("email.delivered", to("p1@example.com", { tags: { campaign_id: campaignId } }));
    expect(await reported(campaignId)).toBeNull();
    await rows("update campaign_sends set status = 'pending', provider_message_id = null");
    await report(
      "email.delivered",
      to("p1@example.com", { tags: [{ name: "campaign_id", value: campaignId }] }),
    );
    expect(await reported(campaignId)).toBe("delivered");
  });
});

test("a report is the fact mail.reported for the campaign's owner, once, and without the address; deliveries are none", async () => {
  await open();
  await house.call("POST", "/api/webhook-endpoints", {
    url: "https://receiver.test/hook",
    eventTypes: ["*"],
  });
  const { campaignId } = await house.draft(1);
  const data = to("p1@example.com", { tags: { campaign_id: campaignId } });
  await report("email.delivered", data);
  for (const _ of [1, 2]) await report("email.bounced", { ...data, ...hard });
  const told = await rows("select owner, data from webhook_messages where type = 'mail.reported'");
  expect(told).toMatchObject([
    { owner: "alice", data: { messageId: data.email_id, outcome: "bounced", campaignId } },
  ]);
  expect(JSON.stringify(told)).not.toContain("example.com");
});

test("a report about a mail to several addresses suppresses none of them, because it does not name the one it is about", async () => {
  await open();
  await report("email.bounced", { email_id: "m1", to: ["a@example.com", "b@example.com"], ...hard });
  expect(await rows("select from suppressions")).toEqual([]);
  expect(await rows("select verdict from webhook_inbox")).toEqual([{ verdict: "unchanged" }]);
});
