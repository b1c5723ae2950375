import { setTimeout as pause } from "node:timers/promises";
import type { House } from "./campaign.ts";
import { hireOperator } from "./operator.ts";
import { type Part, type PartsHouse, partsHouse } from "./parts-house.ts";

export type ImportsVerdict = {
  /** How many `kill -9` of each part fell while the import was unfinished. */
  kills: Record<Part, number>;
  undisturbed: Outcome;
  killed: Outcome;
  seconds: { undisturbed: number; killed: number };
};
/** What an import left behind: its counts, its rejects and the table, without ids and times. */
export type Outcome = { status: string; counts: unknown; rejects: unknown[]; table: unknown[] };

type Wish = { rows: number; killsOfEach: number; say?: (progress: string) => void };

/** Long enough to write something, short enough to be in the middle of it. */
const LONGEST_PAUSE_MS = 900;

/** Imports a file with bad rows and repeated keys, once in peace and once while the stack's parts are killed. */
export async function importsRampage({ rows, killsOfEach, say = () => {} }: Wish): Promise<ImportsVerdict> {
  const house = await partsHouse({ PLAN: "pro" });
  const sendOperatorHome = hireOperator(house);
  try {
    const file = fileOf(rows);
    const peaceful = await begin(house, file);
    const calm = await secondsOf(() => untilEnded(house, peaceful.importId));
    const disturbed = await begin(house, file);
    const kills: Record<Part, number> = { site: 0, engine: 0, gateway: 0, postgres: 0 };
    const wild = await secondsOf(async () => {
      await killAll(house, disturbed, { killsOfEach, kills, say });
      await untilEnded(house, disturbed.importId);
    });
    return {
      kills,
      undisturbed: await outcomeOf(house, peaceful),
      killed: await outcomeOf(house, disturbed),
      seconds: { undisturbed: calm, killed: wild },
    };
  } finally {
    await sendOperatorHome();
    await house.close();
  }
}

type Kills = Required<Pick<Wish, "killsOfEach" | "say">> & Pick<ImportsVerdict, "kills">;

/** In random order and at random times, until the import has ended. */
async function killAll(house: PartsHouse, { importId }: Begun, { killsOfEach, kills, say }: Kills) {
  const parts: Part[] = ["site", "engine", "gateway", "postgres"];
  const victims = shuffled(parts.flatMap((part) => Array.from({ length: killsOfEach }, () => part)));
  for (const [n, part] of victims.entries()) {
    do {
      await pause(100 + Math.random() * LONGEST_PAUSE_MS);
      if (await hasEnded(house, importId)) return;
    } while (!house.isUp(part) || !house.kill(part));
    kills[part] += 1;
    say(`kill ${n + 1} of ${victims.length}: ${part}`);
  }
}

const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round((performance.now() - startedAt) / 1000);
}

/** One row in a hundred is bad, one in fifty has a key that stood in the file before. */
function fileOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, n) => {
    if (n % 100 === 7) return `nobody ${n},Bad ${n}`;
    const person = n % 50 === 3 ? Math.floor(n / 2) : n;
    return `p${person}@example.com,Person ${n}`;
  });
  return `email,name\n${lines.join("\n")}\n`;
}

type Begun = { importId: string; listId: string };

async function begin(house: House, file: string): Promise<Begun> {
  const { id: listId } = await house.call<{ id: string }>("POST", "/api/lists", { name: "Everybody" });
  const upload = await house.call<{ uploadId: string; url: string }>("POST", "/api/imports/uploads", {
    fileName: "people.csv",
  });
  const stored = await fetch(upload.url, { method: "PUT", body: file });
  if (!stored.ok) throw new Error(`Storage: ${stored.status}`);
  const { importId } = await house.call<{ importId: string }>("POST", "/api/imports", {
    source: { uploadId: upload.uploadId },
    target: "subscribers",
    options: { listId },
  });
  return { importId, listId };
}

async function hasEnded(house: House, importId: string): Promise<boolean> {
  const [row] = await house.query<{ ended: boolean }>(
    "select ended_at is not null as ended from imports where id = $1",
    [importId],
  );
  return row?.ended ?? false;
}

async function untilEnded(house: House, importId: string): Promise<void> {
  for (const deadline = performance.now() + 300_000; !(await hasEnded(house, importId)); await pause(200))
    if (performance.now() > deadline) throw new Error("The import does not end");
}

async function outcomeOf(house: House, { importId, listId }: Begun): Promise<Outcome> {
  const { status, counts } = await house.call<{ status: string; counts: unknown }>(
    "GET",
    `/api/imports/${importId}`,
  );
  return {
    status,
    counts,
    rejects: await house.query(
      `select row_no, line, byte_offset, column_name, code, message, hint, raw, cells
       from import_rejects where import_id = $1 order by row_no`,
      [importId],
    ),
    table: await house.query(
      "select email, fields, status from email_subscribers where list_id = $1 order by lower(email)",
      [listId],
    ),
  };
}
