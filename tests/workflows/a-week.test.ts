import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { everythingOn } from "../support/everything-on.ts";

let house: Awaited<ReturnType<typeof everythingOn>>;
afterEach(() => house.close());

// Summer time begins in Berlin at the first hour of this week (29 March, 01:00 UTC) and ends in Sydney on its last day
// (4 April, 16:00 UTC).
const START = new Date("2026-03-29T00:00:00Z");
const HOURS = 7 * 24;

const at = async (schedule: string, cron: string, timeZone: string) => {
  const { status } = await house.call("PUT", `/api/schedules/${schedule}/times`, { cron, timeZone });
  expect(status).toBe(200);
};
const firedSlots = async (schedule: string): Promise<string[]> => {
  const rows = await house.rows(
    "select slot from schedule_ticks where schedule = $1 and fate = 'fired' order by slot_at",
    [schedule],
  );
  return rows.map(({ slot }) => slot);
};
/** A user whose time zone is this, who signed up long ago and has something unread. */
async function userIn(timeZone: string): Promise<string> {
  const id = randomUUID();
  const email = `${timeZone.replace("/", ".")}@example.com`;
  await house.rows("insert into signups values ($1, $2, '', $3, '2026-01-01')", [id, email, randomUUID()]);
  await house.rows("insert into user_settings values ($1, $2, true, '2026-01-01')", [id, timeZone]);
  await house.rows("select notify($1, 'NEW_MESSAGE', '{}', null, $2)", [id, START]);
  return email;
}
async function sendCampaign(): Promise<void> {
  const { body: list } = await house.call("POST", "/api/lists", { name: "People" });
  const people = Array.from({ length: 3 }, (_, n) => ({ email: `p${n}.${list.id}@example.com` }));
  await house.call("POST", `/api/lists/${list.id}/subscribers`, people);
  const content = { subject: "News", text: "Hello", from: "us@example.com" };
  const { body } = await house.call("POST", "/api/campaigns", { listId: list.id, name: "n", ...content });
  expect((await house.call("POST", `/api/campaigns/${body.id}/send`)).status).toBe(202);
}
/** When each of these addresses was mailed. */
async function mailsTo(...addresses: string[]): Promise<string[]> {
  const answer = await house.mail.fetch(new Request("http://mail.local/_control/messages?limit=5000"));
  const { messages } = (await answer.json()) as { messages: { to: string[]; at: string }[] };
  return addresses.flatMap((address) =>
    messages.filter(({ to }) => to.includes(address)).map(({ at }) => at.slice(0, 13)),
  );
}

test("seven days of everything, with both changes of the clocks, take less than 20 s of this process's time", async () => {
  house = await everythingOn({ start: START, env: { REPORT_TIME_ZONE: "Europe/Berlin" } });
  const before = process.cpuUsage();
  await house.app.keepHouse();
  // 02:30 does not exist in Berlin on 29 March, and comes twice in Sydney on 5 April.
  await at("daily-cleanup", "30 2 * * *", "Europe/Berlin");
  await at("cleanup-sessions", "30 2 * * *", "Australia/Sydney");
  const [berlin, sydney] = [await userIn("Europe/Berlin"), await userIn("Australia/Sydney")];
  for (let hour = 0; hour < HOURS; hour++) {
    if (hour % 24 === 12) await sendCampaign();
    await house.hour();
  }
  const { user, system } = process.cpuUsage(before);

  expect(await house.unfired()).toEqual([]);
  const days = ["03-30", "03-31", "04-01", "04-02", "04-03", "04-04"];
  expect(await firedSlots("daily-cleanup")).toEqual([
    "2026-03-29T03:00+02:00",
    ...days.map((day) => `2026-${day}T02:30+02:00`),
  ]);
  expect(await firedSlots("cleanup-sessions")).toEqual(
    [...days, "04-05"].map((day) => `2026-${day}T02:30+11:00`),
  );
  expect(await firedSlots("send-daily-report")).toEqual(
    ["03-29", ...days].map((day) => `2026-${day}T09:00+02:00`),
  );
  // Monday 09:00 of Sydney is Sunday in Berlin.
  expect(await mailsTo(sydney, berlin)).toEqual(["2026-03-29T22", "2026-03-30T07"]);
  const unended = "select function_id, status from jobs where status not in ('completed', 'running')";
  expect(await house.rows(unended)).toEqual([]);
  const sent =
    "select sum((result ->> 'sent')::int)::int as sent from jobs where function_id = 'send-email-campaign'";
  expect(await house.rows(sent)).toEqual([{ sent: 7 * 3 }]);
  // The process's own time, because a busy machine changes the real one.
  expect((user + system) / 1e6).toBeLessThan(20);
});
