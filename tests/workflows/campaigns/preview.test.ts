import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
/** The mails of all requests to the provider. */
const sent: { to: string }[] = [];
beforeAll(async () => {
  house = await campaignHouse({
    env: { MAIL_REQUESTS_PER_SECOND: "2", CAMPAIGN_BATCH_SIZE: "10" },
    beforeMail: async (request) => {
      if (request.url.endsWith("/emails/batch")) sent.push(...(await request.clone().json()));
    },
  });
});
afterAll(() => house.close());

const preview = (campaignId: string) => house.call("POST", `/api/campaigns/${campaignId}/preview`);
const codesOf = async (campaignId: string) =>
  (await preview(campaignId)).body.warnings.map(({ code }: { code: string }) => code);
const add = (listId: string, people: unknown) =>
  house.call("POST", `/api/lists/${listId}/subscribers`, people);
const firstOf = async (listId: string) =>
  (await house.call("GET", `/api/lists/${listId}/subscribers?limit=1`)).body.items[0];
const leave = async (listId: string) => {
  const { id } = await firstOf(listId);
  await house.call("PATCH", `/api/lists/${listId}/subscribers/${id}`, { status: "unsubscribed" });
};

describe("the preview of a campaign", () => {
  test("counts who gets the mail without the suppressed, by domain, with time and executions", async () => {
    const { listId, campaignId } = await house.draft(40);
    await add(listId, [{ email: "a@Other.example" }, { email: "b@other.example" }]);
    await leave(listId);
    const { status, body } = await preview(campaignId);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      recipients: 41,
      leftOut: { unsubscribed: 1 },
      domains: [
        { domain: "example.com", recipients: 39 },
        { domain: "other.example", recipients: 2 },
      ],
      // 41 mails at 20 a second; the campaign's run and its one part cost 5 executions.
      estimate: { seconds: 3, executions: 5, cheapestUsd: expect.any(Number) },
    });
    expect(
      await house.call("POST", `/api/campaigns/${campaignId}/preview`, undefined, { as: "other" }),
    ).toMatchObject({
      status: 404,
    });
  });

  test("its samples are the mails that are sent, to the byte", async () => {
    const { campaignId } = await house.draft(3, { text: "Dear {{name}}" });
    const { samples, hash } = (await preview(campaignId)).body;
    expect(samples).toHaveLength(3);
    await house.call("POST", `/api/campaigns/${campaignId}/send?previewHash=${hash}`);
    const isSent = async () =>
      (await house.call("GET", `/api/campaigns/${campaignId}`)).body.status === "completed";
    await house.engine.waitFor(isSent);
    expect(sent).toHaveLength(3);
    for (const { to, subject, html, text } of samples)
      expect(sent.find((mail) => mail.to === to)).toMatchObject({ subject, html, text });
  });

  test("its text part is made from the newest HTML, until the author writes a text", async () => {
    const { campaignId } = await house.draft(1);
    const change = (changes: object) => house.call("PATCH", `/api/campaigns/${campaignId}`, changes);
    const text = async () => (await preview(campaignId)).body.samples[0].text.split("\n")[0];
    expect(await text()).toBe("Hello Person 1");
    await change({ html: "<p>Good evening, {{name}}</p>" });
    expect(await text()).toBe("Good evening, Person 1");
    await change({ text: "Mine" });
    expect(await text()).toBe("Mine");
    await change({ text: null, subject: "Other" });
    expect(await text()).toBe("Good evening, Person 1");
    await change({ text: "Only text", html: null });
    expect(await text()).toBe("Only text");
  });

  test("warns of fields that no recipient or not every recipient has, of broken HTML, and of images without alt", async () => {
    const { listId, campaignId } = await house.draft(2, {
      subject: "Hi {{naem|you}}",
      html: '<p>Dear {{name}} <b>bold</p><img src="a.png"><img src="b.png" alt=""><a href="https://x.example/?e={{email}}">x</a>',
    });
    await add(listId, [{ email: "nameless@example.com" }]);
    const { warnings } = (await preview(campaignId)).body;
    expect(warnings).toEqual([
      { code: "unknown_field", message: "No recipient has a value for {{naem}}" },
      {
        code: "missing_field",
        message: "1 of 3 checked recipients have no value for {{name}}: it is left empty",
      },
      { code: "broken_html", message: "line 1, column 18: <b> is not closed" },
      { code: "image_without_alt", message: expect.stringContaining("a.png") },
      {
        code: "field_not_encoded",
        message: "{{email}} in the query of a link can break the link: write {{email|url_encode}}",
      },
    ]);
  });

  test("a field with a fallback wherever it is used may be missing; an empty value is missing; the warning says what follows", async () => {
    const { listId, campaignId } = await house.draft(1, {
      subject: "{{name|you}}",
      html: "<p>{{name|friend}}</p>",
    });
    await add(listId, [{ email: "nameless@example.com", name: "" }]);
    expect(await codesOf(campaignId)).toEqual([]);
    await house.call("PATCH", `/api/campaigns/${campaignId}`, {
      html: "<p>{{name}}, {{name|friend}}</p>",
      missingField: "fail",
    });
    expect((await preview(campaignId)).body.warnings).toEqual([
      {
        code: "missing_field",
        message: "1 of 2 checked recipients have no value for {{name}}: their mails fail",
      },
    ]);
  });

  test("names at most ten domains, three samples, twenty fields and ten faults of the HTML", async () => {
    const { listId, campaignId } = await house.draft(2, {
      html: `${"<b>".repeat(11)}${"<img>".repeat(11)}`,
      text: Array.from({ length: 21 }, (_, n) => `{{f${n}}}`).join(),
    });
    await add(
      listId,
      Array.from({ length: 10 }, (_, n) => ({ email: `a@d${n}.example` })),
    );
    const { domains, samples, warnings } = (await preview(campaignId)).body;
    expect(domains).toHaveLength(10);
    expect(domains[0]).toEqual({ domain: "example.com", recipients: 2 });
    expect(samples).toHaveLength(3);
    const of = (kind: string) => warnings.filter(({ code }: { code: string }) => code === kind).length;
    expect([of("unknown_field"), of("broken_html"), of("image_without_alt")]).toEqual([20, 10, 10]);
  });

  test("looks for fields at the first recipients only, so that a large list costs no more", async () => {
    const { listId } = await house.draft(5);
    const looked = "select private.fields_missing_on_list($1, '{name,city}', 3) as found";
    expect((await house.db.sql.query(looked, [listId])).rows).toEqual([
      { found: { checked: 3, missing: { name: 0, city: 3 } } },
    ]);
  });

  test("warns of nothing in a sound mail, and of a list without recipients", async () => {
    const sound = await house.draft(1, {
      html: '<!doctype html><html><body><p>{{NAME}}, {{email}}<br/><a href="{{unsubscribeUrl}}">x</a></p></body></html>',
    });
    expect(await codesOf(sound.campaignId)).toEqual([]);
    const empty = await house.draft(0);
    expect(await codesOf(empty.campaignId)).toEqual(["no_recipients"]);
  });
});

describe("409: a campaign is not sent with the hash of a preview", () => {
  const changes: [string, (ids: { listId: string; campaignId: string }) => Promise<unknown>][] = [
    ["content", ({ campaignId }) => house.call("PATCH", `/api/campaigns/${campaignId}`, { subject: "New" })],
    ["a new subscriber", ({ listId }) => add(listId, [{ email: "new@example.com" }])],
    ["a subscriber who left", ({ listId }) => leave(listId)],
    ["a subscriber's field", ({ listId }) => add(listId, [{ email: "p1@example.com", name: "Other" }])],
  ];
  test.each(changes)("after a change of %s", async (_, change) => {
    const ids = await house.draft(3);
    const path = `/api/campaigns/${ids.campaignId}`;
    const { hash } = (await preview(ids.campaignId)).body;
    await change(ids);
    expect(await house.call("POST", `${path}/send?previewHash=${hash}`)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("new preview"), hint: expect.any(String) },
    });
    expect((await house.call("GET", path)).body).toMatchObject({ status: "draft", jobId: null });
    const { hash: next } = (await preview(ids.campaignId)).body;
    expect((await house.call("POST", `${path}/send?previewHash=${next}`)).status).toBe(202);
    // It is being sent, so the answer is its job, whatever the preview said.
    expect((await house.call("POST", `${path}/send?previewHash=${hash}`)).status).toBe(200);
  });
});
