import { setTimeout } from "node:timers/promises";
import { seeded } from "@nightshift/local/engine/seeded.ts";
import { serve } from "@nightshift/local/engine/server.ts";
import { choosePorts } from "@nightshift/local/stack/ports.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type Job, type LiveState } from "#client/index.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { createScissors } from "./support/scissors.ts";
import { createSlowWalker, createWalker } from "./support/walker.ts";

/** The long form: LIVE_CUTS=200 npx vitest run tests/live */
const CUTS = Number(process.env["LIVE_CUTS"] ?? 10);
const SEED = Number(process.env["LIVE_SEED"] ?? 1);
const RESTART_EVERY = 5;

let database: TestDatabase;
let site: TestApp;
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  database = await freshDatabase();
  const { site: port } = await choosePorts({ port: undefined, ephemeral: true });
  await openSite(port);
});
afterAll(async () => {
  await server.close();
  await database.close();
});

/** The site's own handler on a port; its streams end by themselves after less than a second. */
async function openSite(port: number) {
  site = await testApp(database, { env: { STREAM_SECONDS: "0.8" } });
  server = await serve(site.app.doors.api, { host: "127.0.0.1", port });
}

/** Fields that change without an event (`sentAt`, `updatedAt`) or that a list does not show. */
const LEFT_OUT = [
  "sentAt",
  "updatedAt",
  "runs",
  "timeline",
  "waitingUntil",
  "lastError",
  "blocked",
  "childCount",
];
const essence = (job: Job) =>
  Object.fromEntries(Object.entries(job).filter(([field]) => !LEFT_OUT.includes(field)));
const sorted = (jobs: Iterable<Job>) => [...jobs].toSorted((a, b) => a.id.localeCompare(b.id)).map(essence);

async function truth(): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor = "";
  do {
    const { body } = await site.call("GET", `/api/jobs?limit=100${cursor}`, { as: "ann" });
    jobs.push(...body.items);
    cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
  } while (cursor !== "");
  return jobs;
}

test(`S1-6 T27: the client of a stream that is cut ${CUTS} times, or ends by itself, loses no change`, async () => {
  const random = seeded(SEED);
  const scissors = createScissors();
  let state: LiveState | undefined;
  const stop = new AbortController();
  const client = createClient(
    { baseUrl: `http://127.0.0.1:${server.port}`, key: () => site.keys.ann, fetch: scissors.fetch },
    {
      random,
      sleep: (ms, signal) => setTimeout(ms / 20, undefined, signal ? { signal } : {}).catch(() => {}),
    },
  );
  const watching = client.watch({
    signal: stop.signal,
    onChange: (next) => {
      state = next;
    },
  });
  const owners = ["ann", "ann", "bob"];
  const quick = await database.sql.connect();
  const step = createWalker(random, owners);
  const slow = [
    await createSlowWalker(database.sql, random, owners),
    await createSlowWalker(database.sql, random, owners),
  ];
  const work = async () => {
    for (let n = Math.ceil(random() * 4); n > 0; n--) await step(quick);
    for (const one of slow) if (random() < 0.6) await one.round();
  };

  try {
    for (let cut = 1; cut <= CUTS; cut++) {
      const before = scissors.opened();
      if (random() < 0.7) scissors.cutAfter(Math.floor(random() * 2500));
      await work();
      if (cut % RESTART_EVERY === 0) {
        await server.close();
        await work();
        await openSite(server.port);
      } else if (random() < 0.5) scissors.cutNow();
      await work();
      await expect.poll(scissors.opened, { interval: 5 }).toBeGreaterThan(before);
      const jobs = sorted(await truth());
      await expect.poll(() => sorted(state?.jobs.values() ?? []), { interval: 10 }).toEqual(jobs);
    }
  } finally {
    for (const one of slow) await one.leave();
    quick.release();
  }
  const jobs = sorted(await truth());
  await expect.poll(() => sorted(state?.jobs.values() ?? [])).toEqual(jobs);
  expect(jobs.length).toBeGreaterThan(10);
  stop.abort();
  await watching;
}, 600_000);
