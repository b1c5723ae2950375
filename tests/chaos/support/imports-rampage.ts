import { setTimeout as pause } from "node:timers/promises";
import type { House } from "./campaign.ts";
import { killAtRandom } from "./kill-at-random.ts";
import { hireOperator } from "./operator.ts";
import { type Part, partsHouse } from "./parts-house.ts";

export type ImportsVerdict = {
  /** How many `kill -9` of each part fell while the import was unfinished. */
  kills: Partial<Record<Part, number>>;
  undisturbed: Outcome;
  killed: Outcome;
  seconds: { undisturbed: number; killed: number };
};
/** What an import left behind: its counts, its rejects and the table, without ids and times. */
export type Outcome = { status: string; counts: unknown; rejects: unknown[]; table: unknown[] };

type Wish = { rows: number; killsOfEach: number; say?: (progress: string) => void };

/** Imports a file with bad rows and repeated keys, once in peace and once while the stack's parts are killed. */
export async function importsRampage({ rows, killsOfEach, say = () => {} }: Wish): Promise<ImportsVerdict> {
  const house = await partsHouse({ PLAN: "pro" });
  const sendOperatorHome = hireOperator(house);
  try {
    const file = fileOf(rows);
    const peaceful = await begin(house, file);
    const calm = await secondsOf(() => untilEnded(house, peaceful.importId));
    const disturbed = await begin(house, file);
    const kills: Partial<Record<Part, number>> = {};
    const wild = await secondsOf(async () => {
      const isOver = () => hasEnded(house, disturbed.importId);
      Object.assign(kills, await killAtRandom(house, { killsOfEach, isOver, say }));
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
