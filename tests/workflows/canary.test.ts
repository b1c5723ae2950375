import { afterEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { monitoringFunctions } from "#monitoring/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

const INTERVAL_MINUTES = 5;
const checkIns: string[] = [];
/** The status that the outside address answers, or undefined when it does not answer. */
let checkInStatus: number | undefined;
const safeFetch: SafeFetch = async (url) => {
  checkIns.push(url);
  if (checkInStatus === undefined) throw new AppError("provider_timeout", "no answer");
  return {
    status: checkInStatus,
    headers: new Headers(),
    url,
    body: (async function* () {})(),
    discard: async () => {},
  };
};

async function open(env: Record<string, string> = {}, hear?: (line: string) => void) {
  checkIns.length = 0;
  checkInStatus = 200;
  const CHECK_IN_URL = "https://cron.example/ping";
  Object.assign(broken, { eventKey: false, engine: false });
  shop = await workshop({
    env: { PLAN: "pro", CANARY_MINUTES: "5", CHECK_IN_URL, ...env },
    functions: monitoringFunctions,
    safeFetch,
    ...(hear && { log: hear }),
    hosts: { "engine.local": engineDoor },
  });
}

/** What does not work at the moment. */
const broken = { eventKey: false, engine: false };
async function engineDoor(request: Request): Promise<Response> {
  const isEvent = new URL(request.url).pathname.startsWith("/e/");
  if (isEvent && broken.eventKey) return Response.json({ error: "Event key not found" }, { status: 401 });
  // Acknowledges, and forgets.
  if (isEvent && broken.engine) return Response.json({ ids: ["01JABCDEFGHJKMNPQRSTVWXYZ0"], status: 200 });
  return shop.engine.fetch(request);
}
/** Housekeeping, as every five minutes. */
async function visit() {
  await shop.engine.advance(`${INTERVAL_MINUTES}m`);
  await shop.app.keepHouse().catch(() => {});
  await shop.engine.idle();
}
const unresolved = async () =>
  (await shop.rows("select rule from alerts where status <> 'resolved' order by rule")).map(
    ({ rule }) => rule,
  );
const canaries = () => shop.rows("select status from jobs where kind = 'canary' order by created_at");

test("every five minutes a canary passes through event, engine, function and database", async () => {
  await open();
  for (let n = 0; n < 6; n++) await visit();
  expect(await canaries()).toEqual(Array.from({ length: 6 }, () => ({ status: "completed" })));
  expect(await unresolved()).toEqual([]);
});

test("on the free plan a canary is sent once an hour, and costs one execution", async () => {
  await open({ PLAN: "free", CANARY_MINUTES: "" });
  for (let n = 0; n < 24; n++) await visit();
  expect(await canaries()).toHaveLength(2);
  // The daily report may fall into these hours too.
  const canaryRuns = shop.engine.runs("run-canary");
  expect(canaryRuns.reduce((sum, { executions }) => sum + executions, 0)).toBe(2);
});

/** Registers the app without any function. */
const wipe = async () => {
  const body = {
    appName: "nightshift",
    url: "http://app.local/api/inngest",
    functions: [],
    sdk: "js:v4.24.0",
  };
  const answer = await shop.engine.fetch("http://engine.local/fn/register", {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
};

/** Each breaks something, and mends it. */
const BREAKS = [
  {
    name: "registration wiped",
    alarm: "canary",
    plant: wipe,
    mend: () => shop.engine.sync(),
  },
  {
    name: "event key rotated",
    alarm: "canary",
    plant: async () => void Object.assign(broken, { eventKey: true }),
    mend: async () => void Object.assign(broken, { eventKey: false }),
  },
  {
    name: "signing key rotated: our door refuses the engine",
    alarm: "canary",
    plant: async () => void Object.assign(shop.down, { signature: true }),
    mend: async () => void Object.assign(shop.down, { signature: false }),
  },
  {
    name: "engine acknowledges, but does not run",
    alarm: "canary",
    plant: async () => void Object.assign(broken, { engine: true }),
    mend: async () => void Object.assign(broken, { engine: false }),
  },
  {
    name: "engine does not answer",
    alarm: "canary",
    plant: async () => void Object.assign(shop.down, { engine: true }),
    mend: async () => void Object.assign(shop.down, { engine: false }),
  },
  {
    name: "functions do not answer",
    alarm: "canary",
    plant: async () => void Object.assign(shop.down, { functions: true }),
    mend: async () => void Object.assign(shop.down, { functions: false }),
  },
  {
    name: "schedules do not run",
    alarm: "missed-ticks",
    plant: () => shop.rows("alter function public.open_schedules rename to opens_no_more"),
    mend: () => shop.rows("alter function public.opens_no_more rename to open_schedules"),
  },
];

describe("a planted break is alarmed within two intervals, and resolved when it is mended", () => {
  test.each(BREAKS)("$name", async ({ alarm, plant, mend }) => {
    await open();
    for (let n = 0; n < 3; n++) await visit();
    // Right after a visit: the alarm has to come at the second one from here.
    await shop.engine.advance("10s");
    await plant();
    await visit();
    await visit();
    expect(await unresolved()).toContain(alarm);
    expect((await shop.slack()).map(({ text }) => text).join()).toContain(
      alarm === "canary" ? "the canary was not completed" : "Schedules do not run",
    );

    await mend();
    for (let n = 0; n < 5; n++) await visit();
    expect(await unresolved()).not.toContain(alarm);
    expect((await canaries()).at(-1)).toEqual({ status: "completed" });
  });
});

describe("the monitor's own death is noticed outside, because the check-ins end", () => {
  test("housekeeping checks in after every look", async () => {
    await open();
    for (let n = 0; n < 3; n++) await visit();
    expect(checkIns).toEqual(Array.from({ length: 3 }, () => "https://cron.example/ping"));
  });

  test("a monitor that cannot read the database does not check in", async () => {
    await open();
    await visit();
    shop.down.database = true;
    await visit();
    shop.down.database = false;
    expect(checkIns).toHaveLength(1);
  });

  test.each([
    ["does not answer", undefined, "the check-in failed"],
    ["refuses", 404, "the check-in was refused"],
  ])("an address that %s stops nothing else, and the log says so", async (_, status, said) => {
    const log: string[] = [];
    await open({}, (line) => log.push(line));
    checkInStatus = status;
    await shop.engine.advance("5m");
    expect(await shop.app.keepHouse()).toMatchObject({ monitor: { checkedIn: 0 } });
    expect(log.filter((line) => line.includes(said))).toHaveLength(1);
    expect(await unresolved()).toEqual([]);
  });
});
