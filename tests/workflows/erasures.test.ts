import { afterEach, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../support/campaign-house.ts";
import { insertJob } from "../support/jobs.ts";

let house: CampaignHouse;
const { campaign, send, completed } = campaignTalk(() => house);
afterEach(() => house.close());

const PERSON = "ada.one@example.com";
/** Addresses that contain hers. */
const OTHERS = ["xada.one@example.com", "ada.one@example.com.au"];

const erase = async (email: string, key = "") => {
  const options = { as: "admin" as const, headers: key === "" ? {} : { "idempotency-key": key } };
  return (await house.call("POST", "/api/erasures", { email }, options)).body;
};
const receipt = async (erasureUrl: string) =>
  (await house.call("GET", erasureUrl, undefined, { as: "admin" })).body;

/** How many rows of each table contain this address as a whole. */
async function rowsNaming(email: string): Promise<Record<string, number>> {
  const tables = await house.db.sql.query("select tablename from pg_tables where schemaname = 'public'");
  const pattern = `(^|[^a-z0-9.])${email.replaceAll(".", "\\.")}($|[^a-z0-9.])`;
  const found: Record<string, number> = {};
  for (const { tablename } of tables.rows) {
    const query = `select count(*)::int as n from public.${tablename} as t where t::text ~* $1`;
    const { n } = (await house.db.sql.query(query, [pattern])).rows[0];
    if (n > 0) found[tablename] = n;
  }
  return found;
}

test("an erasure removes the person from every table once, and its receipt counts the rows per table", async () => {
  house = await campaignHouse();
  const { listId, campaignId } = await house.draft(1);
  const people = [PERSON.toUpperCase(), ...OTHERS].map((email) => ({ email, name: "Somebody" }));
  await house.call("POST", `/api/lists/${listId}/subscribers`, people);
  await send(campaignId);
  await completed(campaignId);

  const data = { to: PERSON, copies: OTHERS };
  const jobId = await insertJob(house.db.sql, { owner: "alice", data }, new Date());
  const line = { runId: "r", functionId: "f", at: new Date(), level: "info", message: `Wrote to ${PERSON}` };
  await house.db.sql.query("select keep_log_lines($1, $2)", [
    jobId,
    JSON.stringify([{ ...line, facts: JSON.stringify(data) }]),
  ]);
  const letter = {
    eventId: "e",
    eventName: "e",
    eventData: data,
    functionId: "f",
    runId: "r",
    fingerprint: "f",
  };
  await house.db.sql.query("select record_dead_letter($1, now())", [
    { ...letter, error: { message: `<${PERSON}> was refused` } },
  ]);
  await house.db.sql.query("select notify('alice', 'NEW_MESSAGE', $1, null, now())", [data]);
  await house.call("POST", "/api/posts", { content: `Write me at ${PERSON}, not at ${OTHERS[0]}` });
  await house.call("POST", "/api/tasks", { prompt: `A card that says ${PERSON}` });
  await house.engine.idle();
  const before = await rowsNaming(PERSON);
  const others = await Promise.all(OTHERS.map(rowsNaming));
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining([
      "campaign_sends",
      "dead_letter_queue",
      "email_subscribers",
      "image_tasks",
      "job_log_lines",
      "jobs",
      "notifications",
      "posts",
    ]),
  );

  // The first answer is lost: its work is neither done nor counted twice.
  house.engine.faults.dropAnswer({ functionId: "erase-person" });
  const { jobId: eraserId, erasureUrl } = await erase(PERSON, "k");
  expect((await erase(PERSON, "k")).jobId).toBe(eraserId);
  await house.engine.waitFor(async () => (await receipt(erasureUrl)).status === "completed");

  expect(await rowsNaming(PERSON)).toEqual({});
  expect(await Promise.all(OTHERS.map(rowsNaming))).toEqual(others);
  expect((await receipt(erasureUrl)).counts).toEqual(before);
  const job = async () => (await house.call("GET", `/api/jobs/${eraserId}`, undefined, { as: "admin" })).body;
  // The receipt comes first; the run whose answer was lost is called once more.
  await house.engine.waitFor(async () => (await job()).status === "completed");
  expect(await job()).toMatchObject({
    status: "completed",
    result: { counts: before },
  });
  const list = (await house.call("GET", `/api/lists/${listId}/subscribers`)).body.items;
  expect(list.map(({ email }: { email: string }) => email).toSorted()).toEqual(
    ["p1@example.com", ...OTHERS].toSorted(),
  );

  const again = await erase(PERSON);
  await house.engine.waitFor(async () => (await receipt(again.erasureUrl)).status === "completed");
  expect((await receipt(again.erasureUrl)).counts).toEqual({});
});

test("an erasure finds an address after a line break in JSON, and takes no letter of an escape for an address", async () => {
  house = await campaignHouse();
  const before = `\n${PERSON}\t${PERSON}\u0001${PERSON} \\${PERSON} {"in": "\\n${PERSON}"} \nina@example.com`;
  await insertJob(house.db.sql, { owner: "alice", data: { before } }, new Date());
  await house.db.sql.query(
    `insert into posts (id, sequence, author, content, strategy, follower_count, created_at)
    values (gen_random_uuid(), 1, 'alice', $1, 'pull', 0, now())`,
    [before],
  );
  for (const email of [PERSON, "nina@example.com"]) {
    const { erasureUrl } = await erase(email);
    await house.engine.waitFor(async () => (await receipt(erasureUrl)).status === "completed");
  }
  const after = before.replaceAll(PERSON, "erased");
  const { rows } = await house.db.sql.query("select event_data from jobs where event_data ? 'before'");
  expect(rows).toEqual([{ event_data: { before: after } }]);
  expect((await house.db.sql.query("select content from posts")).rows).toEqual([{ content: after }]);
});

test("a person who is erased while a campaign waits gets no mail, and the erasure completes after the campaign", async () => {
  house = await campaignHouse({
    env: { CAMPAIGN_BATCH_SIZE: "1", MAIL_MAX_IN_FLIGHT: "1", MAIL_REQUESTS_PER_SECOND: "5" },
  });
  const { campaignId } = await house.draft(3);
  await house.control("faults", { rules: [{ status: 429, retryAfter: 600, count: 1 }] });
  await send(campaignId);
  await house.engine.idle();
  const { erasureUrl } = await erase("p3@example.com");
  await house.engine.idle();
  expect((await receipt(erasureUrl)).status).toBe("erasing");

  await completed(campaignId);
  expect((await campaign(campaignId)).counts).toMatchObject({ sent: 2, skipped: 1 });
  expect(JSON.stringify(await rowsNaming("p3@example.com"))).toContain("campaign_sends");
  await house.engine.waitFor(async () => (await receipt(erasureUrl)).status === "completed");
  expect(await rowsNaming("p3@example.com")).toEqual({});
  expect((await receipt(erasureUrl)).counts).toMatchObject({ email_subscribers: 1, campaign_sends: 1 });
});

test("403: only administrators can erase; 400: an invalid address is refused", async () => {
  house = await campaignHouse();
  expect((await house.call("POST", "/api/erasures", { email: PERSON })).status).toBe(403);
  const answer = await house.call("POST", "/api/erasures", { email: "ada" }, { as: "admin" });
  expect(answer).toMatchObject({ status: 400, body: { details: [{ field: "email" }] } });
});
