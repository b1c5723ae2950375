import { setTimeout as pause } from "node:timers/promises";
import { type ChaosHouse, chaosHouse } from "./house.ts";
import { hireOperator } from "./operator.ts";

export type ImportsVerdict = {
  /** How many `kill -9` of the site fell while the import was unfinished. */
  kills: number;
  undisturbed: Outcome;
  killed: Outcome;
};
/** What an import left behind: its counts, its rejects and the table, without ids and times. */
export type Outcome = { status: string; counts: unknown; rejects: unknown[]; table: unknown[] };

/** Long enough to write something, short enough to be in the middle of it. */
const LONGEST_LIFE_MS = 900;

/** Imports a file with bad rows and repeated keys, once in peace and once while the site is killed again and again. */
export async function importsRampage({
  rows,
  kills,
}: {
  rows: number;
  kills: number;
}): Promise<ImportsVerdict> {
  const house = await chaosHouse({ PLAN: "pro" });
  const sendOperatorHome = hireOperator(house);
  try {
    await house.startSite();
    const file = fileOf(rows);
    const peaceful = await begin(house, file);
    await untilEnded(house, peaceful.importId);
    const disturbed = await begin(house, file);
    let done = 0;
    while (done < kills && !(await hasEnded(house, disturbed.importId))) {
      await pause(100 + Math.random() * LONGEST_LIFE_MS);
      if (await hasEnded(house, disturbed.importId)) break;
      await house.killSite();
      done += 1;
      await house.startSite();
    }
    await untilEnded(house, disturbed.importId);
    return {
      kills: done,
      undisturbed: await outcomeOf(house, peaceful),
      killed: await outcomeOf(house, disturbed),
    };
  } finally {
    await sendOperatorHome();
    await house.close();
  }
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

async function begin(house: ChaosHouse, file: string): Promise<Begun> {
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

async function hasEnded(house: ChaosHouse, importId: string): Promise<boolean> {
  const [row] = await house.query<{ ended: boolean }>(
    "select ended_at is not null as ended from imports where id = $1",
    [importId],
  );
  return row?.ended ?? false;
}

async function untilEnded(house: ChaosHouse, importId: string): Promise<void> {
  for (const deadline = performance.now() + 300_000; !(await hasEnded(house, importId)); await pause(200))
    if (performance.now() > deadline) throw new Error("The import does not end");
}

async function outcomeOf(house: ChaosHouse, { importId, listId }: Begun): Promise<Outcome> {
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
