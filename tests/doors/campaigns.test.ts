import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyOf, RETRY_POLICIES } from "#lib/engine/retry-policy.ts";
import { type CampaignHouse, campaignHouse } from "../support/campaign-house.ts";

let house: CampaignHouse;
beforeAll(async () => {
  house = await campaignHouse();
});
afterAll(() => house.close());

const content = { subject: "S", text: "T", from: "a@example.com" };

describe("lists", () => {
  test("201: a list is created; 200: it is shown with its counts; 404: for another owner", async () => {
    const made = await house.call("POST", "/api/lists", { name: "Readers" });
    expect(made).toMatchObject({ status: 201, body: { name: "Readers" } });
    const path = `/api/lists/${made.body.id}`;
    expect(await house.call("GET", path)).toMatchObject({
      status: 200,
      body: { subscribers: { active: 0 } },
    });
    expect(await house.call("GET", path, undefined, { as: "other" })).toMatchObject({ status: 404 });
    expect(await house.call("GET", path, undefined, { as: "nobody" })).toMatchObject({ status: 401 });
  });

  test("201: a repeated request with its Idempotency-Key gets the first list; 409: another name under that key", async () => {
    const headers = { "idempotency-key": "list-1" };
    const make = (name: string, as: "app" | "other" = "app") =>
      house.call("POST", "/api/lists", { name }, { as, headers });
    const [first, second] = await Promise.all([make("Once"), make("Once")]);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(await make("Twice")).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
    const theirs = await make("Twice", "other");
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(first.body.id);
  });

  test("200: an upload of CSV or JSON reports what was stored and which rows were rejected, and why", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "Uploads" });
    const path = `/api/lists/${list.id}/subscribers`;
    const csv = "email,name\na@example.com,A\nnonsense,B\n";
    expect(await house.call("POST", path, csv, { type: "text/csv" })).toMatchObject({
      status: 200,
      body: {
        received: 2,
        created: 1,
        updated: 0,
        rejectedCount: 1,
        rejected: [{ line: 3, column: "email", code: "invalid_email", raw: "nonsense,B" }],
      },
    });
    expect(
      await house.call("POST", path, [{ email: "A@example.com" }, { email: "b@example.com" }]),
    ).toMatchObject({
      body: { received: 2, created: 1, updated: 1, rejectedCount: 0, rejected: [] },
    });
    expect(await house.call("POST", path, csv, { as: "other", type: "text/csv" })).toMatchObject({
      status: 404,
    });
    const page = await house.call("GET", `${path}?limit=1`);
    expect(page.body.items).toHaveLength(1);
    const next = await house.call("GET", `${path}?limit=1&cursor=${page.body.nextCursor}`);
    expect(next.body).toMatchObject({ nextCursor: null });
    const left = await house.call("PATCH", `${path}/${page.body.items[0].id}`, { status: "unsubscribed" });
    expect(left).toMatchObject({ status: 200, body: { status: "unsubscribed" } });
  });

  test("a field that an upload leaves out is kept, unless the request asks to replace", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "Fields" });
    const path = `/api/lists/${list.id}/subscribers`;
    const fieldsAfter = async (query: string, csv: string) => {
      await house.call("POST", path + query, csv, { type: "text/csv" });
      return (await house.call("GET", path)).body.items[0].fields;
    };
    expect(await fieldsAfter("", "email,name,city\na@example.com,A,Rome\n")).toEqual({
      name: "A",
      city: "Rome",
    });
    expect(await fieldsAfter("", "email,name\na@example.com,B\n")).toEqual({ name: "B", city: "Rome" });
    expect(await fieldsAfter("?replace=true", "email,name\na@example.com,C\n")).toEqual({ name: "C" });
  });

  test("400: a file that is no table is refused with a hint", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "Nothing" });
    const answer = await house.call("POST", `/api/lists/${list.id}/subscribers`, "<html>", {
      type: "text/csv",
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "unreadable_table", hint: expect.any(String) },
    });
  });

  test("6,000 lines of CSV are stored in one call", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "Many" });
    const csv = ["email", ...Array.from({ length: 6000 }, (_, n) => `m${n}@example.com`)].join("\n");
    const answer = await house.call("POST", `/api/lists/${list.id}/subscribers`, csv, { type: "text/csv" });
    expect(answer.body).toMatchObject({ received: 6000, created: 6000 });
  });
});

describe("campaigns", () => {
  test("400: a text has at most 200 merge fields, whose names are at most 100 characters long", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "Readers" });
    const write = (text: string) =>
      house.call("POST", "/api/campaigns", { ...content, listId: list.id, text });
    expect((await write("{{name}}".repeat(200))).status).toBe(201);
    expect(await write("{{name}}".repeat(201))).toMatchObject({
      status: 400,
      body: { details: [{ field: "text", message: "at most 200 merge fields" }] },
    });
    expect((await write(`{{${"n".repeat(100)}}}`)).status).toBe(201);
    expect((await write(`{{${"n".repeat(101)}}}`)).status).toBe(400);
  });

  test("400: the response names the invalid field, such as a subject with a line break", async () => {
    const { body: list } = await house.call("POST", "/api/lists", { name: "L" });
    const wrong = await house.call("POST", "/api/campaigns", {
      listId: list.id,
      ...content,
      subject: "a\r\nBcc: b",
    });
    expect(wrong).toMatchObject({
      status: 400,
      body: { code: "invalid_request", details: [{ field: "subject" }] },
    });
    const braces = await house.call("POST", "/api/campaigns", {
      listId: list.id,
      ...content,
      subject: "Hi {{name}, bye",
    });
    expect(braces).toMatchObject({ status: 400, body: { details: [{ field: "subject" }] } });
    for (const from of ["ada@localhost", "Ada <ada@localhost>", "ada@example.", "ada@.com"]) {
      const nowhere = await house.call("POST", "/api/campaigns", { listId: list.id, ...content, from });
      expect(nowhere).toMatchObject({ status: 400, body: { details: [{ field: "from" }] } });
    }
    const empty = await house.call("POST", "/api/campaigns", {
      listId: list.id,
      subject: "S",
      from: "a@example.com",
    });
    expect(empty).toMatchObject({ status: 400, body: { details: [{ field: "html" }] } });
  });

  test("201: a repeated request with its Idempotency-Key gets the first campaign, also after a change; 409: another request under that key", async () => {
    const { listId } = await house.draft(1);
    const headers = { "idempotency-key": "draft-1" };
    const draft = { listId, ...content, html: "<p>Hi</p>" };
    const make = (body: object, as: "app" | "admin" = "app") =>
      house.call("POST", "/api/campaigns", body, { as, headers });
    const [first, second] = await Promise.all([make(draft), make(draft)]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.id).toBe(first.body.id);
    await house.call("PATCH", `/api/campaigns/${first.body.id}`, { subject: "Changed" });
    expect(await make(draft)).toMatchObject({
      status: 201,
      body: { id: first.body.id, subject: "Changed", version: 2 },
    });
    expect(await make({ ...draft, subject: "Changed" })).toMatchObject({
      status: 409,
      body: { code: "idempotency_conflict" },
    });
    expect((await make(draft, "admin")).body.id).not.toBe(first.body.id);
    const without = await house.call("POST", "/api/campaigns", draft);
    expect(without.body.id).not.toBe(first.body.id);
  });

  test("a draft's html or text is removed by null, but not both: 400", async () => {
    const { campaignId } = await house.draft(1);
    const path = `/api/campaigns/${campaignId}`;
    const changed = await house.call("PATCH", path, {
      html: null,
      text: "Plain",
      replyTo: "ada@example.com",
    });
    expect(changed).toMatchObject({ status: 200, body: { html: null, text: "Plain" } });
    expect(await house.call("PATCH", path, { text: null })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", detail: "html or text is needed" },
    });
    const kept = await house.call("PATCH", path, { replyTo: null });
    expect(kept).toMatchObject({ status: 200, body: { text: "Plain", replyTo: null } });
  });

  test("409: a change names a version that the draft no longer has, and changes nothing", async () => {
    const { campaignId } = await house.draft(1);
    const path = `/api/campaigns/${campaignId}`;
    const { version } = (await house.call("GET", path)).body;
    const first = await house.call("PATCH", path, { subject: "Mine", version });
    expect(first).toMatchObject({ status: 200, body: { subject: "Mine", version: version + 1 } });
    expect(await house.call("PATCH", path, { subject: "Theirs", version })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    expect((await house.call("GET", path)).body).toMatchObject({ subject: "Mine", version: version + 1 });
  });

  test("S4-68: 404: Campaign not found; 202: the answer has a message, the job's id and its address; 200: a repeated request returns the same job", async () => {
    const nothing = await house.call("POST", `/api/campaigns/${crypto.randomUUID()}/send`);
    expect(nothing).toMatchObject({ status: 404, body: { error: "Campaign not found" } });

    const { campaignId } = await house.draft(3);
    const path = `/api/campaigns/${campaignId}`;
    expect(await house.call("PATCH", path, { subject: "Better" })).toMatchObject({
      status: 200,
      body: { subject: "Better" },
    });
    await house.control("faults", { rules: [{ status: 503, match: campaignId }] });
    const sent = await house.call("POST", `${path}/send`);
    expect(sent).toMatchObject({ status: 202, body: { message: "Campaign queued for sending" } });
    expect(sent.body.statusUrl).toBe(`/api/jobs/${sent.body.jobId}`);
    const again = await house.call("POST", `${path}/send`);
    expect(again).toMatchObject({ status: 200, body: { jobId: sent.body.jobId } });
    expect(await house.call("PATCH", path, { subject: "Worse" })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    expect(await house.call("POST", `${path}/send`, undefined, { as: "other" })).toMatchObject({
      status: 404,
    });

    await house.control("faults", { rules: [] });
    await house.engine.waitFor(async () => (await house.call("GET", path)).body.status === "completed");
    expect(await house.call("POST", `${path}/send`)).toMatchObject({
      status: 409,
      body: { error: "Campaign already completed" },
    });
  });

  test("202: the jobs of a campaign that an administrator sends and resumes belong to the campaign's owner", async () => {
    const as = "admin";
    const { campaignId, listId } = await house.draft(3);
    const act = (action: string) => house.call("POST", `/api/campaigns/${campaignId}/${action}`, {}, { as });
    const sent = await act("send");
    await act("pause");
    const resumed = await act("resume");
    const newsletter = await house.call(
      "POST",
      "/api/newsletter",
      { ...content, listId, text: "Hi" },
      { as },
    );
    for (const { status, body } of [sent, resumed, newsletter]) {
      expect(status).toBe(202);
      expect((await house.call("GET", body.statusUrl)).status).toBe(200);
      expect((await house.call("GET", body.statusUrl, undefined, { as: "other" })).status).toBe(404);
    }
  });

  test("202: sendAt in the body schedules as in the query; 400: in both, or a field that sending does not know", async () => {
    const sendAt = new Date(house.engine.clock.now().getTime() + 86_400_000).toISOString();
    const { campaignId } = await house.draft(1);
    const path = `/api/campaigns/${campaignId}`;
    expect(await house.call("POST", `${path}/send`, { sendat: sendAt })).toMatchObject({
      status: 400,
      body: { detail: 'The body field "sendat" is not a known field' },
    });
    expect(await house.call("POST", `${path}/send?sendAt=${sendAt}`, { sendAt })).toMatchObject({
      status: 400,
      body: { detail: '"sendAt" is given in the query and in the body' },
    });
    expect((await house.call("GET", path)).body.status).toBe("draft");
    expect((await house.call("POST", `${path}/send`, { sendAt })).status).toBe(202);
    expect(Date.parse((await house.call("GET", path)).body.sendAt)).toBe(Date.parse(sendAt));
  });

  test("400: sendAt is more than ten minutes in the past; 202: it has just passed", async () => {
    const { campaignId } = await house.draft(1);
    const path = `/api/campaigns/${campaignId}`;
    const ago = (minutes: number) =>
      new Date(house.engine.clock.now().getTime() - minutes * 60_000).toISOString();
    expect(await house.call("POST", `${path}/send`, { sendAt: ago(11) })).toMatchObject({
      status: 400,
      body: { detail: '"sendAt" is in the past: name a time to come, or leave the field out to send now' },
    });
    expect((await house.call("GET", path)).body.status).toBe("draft");
    expect(await house.call("POST", `${path}/send`, { sendAt: ago(5) })).toMatchObject({ status: 202 });
  });

  test("200: a scheduled campaign is asked for at its time again; 409: at another time, or now", async () => {
    const { campaignId } = await house.draft(1);
    const day = (n: number) => new Date(house.engine.clock.now().getTime() + n * 86_400_000).toISOString();
    const [sendAt, other] = [day(1), day(2)];
    const send = (body: object, headers: Record<string, string> = {}) =>
      house.call("POST", `/api/campaigns/${campaignId}/send`, body, { headers });
    const key = { "idempotency-key": `schedule-${campaignId}` };
    const first = await send({ sendAt }, key);
    expect(first).toMatchObject({ status: 202, body: { message: "Campaign is scheduled" } });
    const same = { status: 200, body: { jobId: first.body.jobId, message: "Campaign is scheduled" } };
    expect(await send({ sendAt })).toMatchObject(same);
    await house.engine.advance("1h");
    expect(await send({ sendAt }, key)).toMatchObject(same);
    expect(await send({ sendAt: other }, key)).toMatchObject({
      status: 409,
      body: { code: "idempotency_conflict" },
    });
    for (const body of [{ sendAt: other }, {}]) {
      const refused = await send(body);
      expect(refused).toMatchObject({ status: 409, body: { code: "conflict" } });
      expect(refused.body.detail).toContain(`scheduled for ${sendAt.slice(0, 19)}Z`);
      expect(refused.body.detail).toContain(`DELETE /api/jobs/${first.body.jobId}`);
    }
  });

  test("409: a scheduled campaign is not deleted; the refusal names the status that people see, and what to do", async () => {
    const { campaignId } = await house.draft(1);
    const sendAt = new Date(house.engine.clock.now().getTime() + 3_600_000).toISOString();
    const sent = await house.call("POST", `/api/campaigns/${campaignId}/send`, { sendAt });
    const refusal = async () => (await house.call("DELETE", `/api/campaigns/${campaignId}`)).body.detail;
    const advice = `To stop the campaign, cancel its job (DELETE /api/jobs/${sent.body.jobId})`;
    expect(await refusal()).toBe(`The campaign is scheduled: only a draft can be deleted. ${advice}`);
    // The time has come, and housekeeping has not sent the event yet.
    await house.engine.advance("61m");
    expect(await refusal()).toBe(`The campaign is queued: only a draft can be deleted. ${advice}`);
    await house.call("POST", `/api/campaigns/${campaignId}/pause`);
    expect(await refusal()).toBe(`The campaign is paused: only a draft can be deleted. ${advice}`);
  });

  test("an Idempotency-Key returns the same job, even after the campaign is complete", async () => {
    const { campaignId } = await house.draft(2);
    const headers = { "idempotency-key": "once" };
    const first = await house.call("POST", `/api/campaigns/${campaignId}/send`, undefined, { headers });
    await house.engine.waitFor(
      async () => (await house.call("GET", `/api/campaigns/${campaignId}`)).body.status === "completed",
    );
    const second = await house.call("POST", `/api/campaigns/${campaignId}/send`, undefined, { headers });
    expect(second).toMatchObject({
      status: 200,
      body: { jobId: first.body.jobId, message: "Campaign was sent already" },
    });
  });
});

describe("newsletters", () => {
  test.each([
    ["a newsletter", "/api/newsletter"],
    ["S4-2", "/api/send-newsletter"],
  ])("%s: POST %s answers 202 with message and subscriber count, and the mails arrive", async (_, path) => {
    const { listId } = await house.draft(4);
    const before = await house.control("stats");
    const answer = await house.call("POST", path, { listId, ...content });
    expect(answer).toMatchObject({
      status: 202,
      body: { message: "Campaign queued", queued: true, subscriberCount: 4 },
    });
    await house.engine.waitFor(
      async () =>
        (await house.call("GET", `/api/campaigns/${answer.body.campaignId}`)).body.status === "completed",
    );
    expect((await house.control("stats")).accepted).toBe((before.accepted ?? 0) + 4);
  });

  test("202: an existing campaign is sent by its id", async () => {
    const { campaignId } = await house.draft(1);
    expect(await house.call("POST", "/api/newsletter", { campaignId })).toMatchObject({
      status: 202,
      body: { campaignId },
    });
  });

  test("the same request under one Idempotency-Key makes one campaign; 409: a different request under that key", async () => {
    const { listId } = await house.draft(1);
    const headers = { "idempotency-key": "weekly-47" };
    const first = await house.call("POST", "/api/newsletter", { listId, ...content }, { headers });
    const second = await house.call("POST", "/api/newsletter", { listId, ...content }, { headers });
    expect(second.body).toMatchObject({ jobId: first.body.jobId, campaignId: first.body.campaignId });
    const other = await house.call(
      "POST",
      "/api/newsletter",
      { listId, ...content, subject: "Other" },
      { headers },
    );
    expect(other).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
  });
});

test("S4-22: send-email-campaign has a concurrency of ten on a paid plan and five retries", () => {
  const options = house.app.functions.find((fn) => fn.id() === "send-email-campaign")?.opts;
  expect(options).toMatchObject({ concurrency: { limit: 10 } });
  expect(RETRY_POLICIES[policyOf(options) ?? "task"].retries).toBe(5);
});
