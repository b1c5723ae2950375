import { judgeStarts } from "../../support/image-audit.ts";
import type { ChaosHouse } from "./house.ts";
import type { Accepted } from "./image-producers.ts";

const AT_ONCE: Record<string, number> = { tasks: 5, demo: 6 };

export type ImageVerdict = {
  accepted: number;
  byStatus: Record<string, number>;
  /** Tasks that the site accepted and the database does not have, or the reverse. */
  lost: number;
  unasked: number;
  unfinished: number;
  /** Completed tasks without readable bytes. */
  withoutPicture: number;
  jobsThatDisagree: number;
  /** Tasks that started before another one that was due first, in their lane and priority. */
  outOfOrder: number;
  /** Tasks of one producer that the lane accepted in another order than they were answered. */
  outOfOrderOfProducers: number;
  /** The highest concurrency by the audit, and the most pictures that the provider drew at once by its own record. */
  mostPlaces: Record<string, number>;
  mostDrawn: Record<string, number>;
  drawings: number;
  kills: number;
  /** Kills while the provider had an order of ours in flight. */
  killsInFlight: number;
  seconds: number;
};

type Row = { id: string; status: string; lane: string; sequence: string };

export async function judgeImages(
  house: ChaosHouse,
  accepted: readonly Accepted[],
): Promise<Omit<ImageVerdict, "kills" | "killsInFlight" | "seconds">> {
  const rows = await house.query<Row>("select id, status, lane, sequence from image_tasks");
  const known = new Map(rows.map((row) => [row.id, row]));
  const asked = new Set(accepted.map(({ id }) => id));
  const [disagreeing] = await house.query<{ count: number }>(
    "select count(*)::int as count from image_tasks join jobs on jobs.id = job_id where jobs.status <> image_tasks.status",
  );
  const { outOfOrder, most } = await judgeStarts((sql, ...values) => house.query(sql, values));
  const { drawings } = await house.control<{ drawings: Drawing[] }>("images/drawings?limit=20000");
  return {
    accepted: accepted.length,
    byStatus: countBy(rows.map(({ status }) => status)),
    lost: accepted.filter(({ id }) => !known.has(id)).length,
    unasked: rows.filter(({ id }) => !asked.has(id)).length,
    unfinished: rows.filter(({ status }) => ["pending", "processing", "waiting"].includes(status)).length,
    withoutPicture: await withoutPicture(house, rows),
    jobsThatDisagree: disagreeing?.count ?? -1,
    outOfOrder,
    outOfOrderOfProducers: outOfOrderOfProducers(accepted, known),
    mostPlaces: most,
    mostDrawn: mostAtOnce(drawings),
    drawings: drawings.length,
  };
}

const countBy = (names: readonly string[]) =>
  names.reduce<Record<string, number>>(
    (counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }),
    {},
  );

async function withoutPicture(house: ChaosHouse, rows: readonly Row[]): Promise<number> {
  const key = await house.keyOf("judge", "admin");
  let missing = 0;
  for (const { id } of rows.filter(({ status }) => status === "completed")) {
    const answer = await fetch(`${house.siteUrl}/api/tasks/${id}/image`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const bytes = await answer.arrayBuffer();
    if (!answer.ok || bytes.byteLength < 100) missing++;
  }
  return missing;
}

/** A producer sends the next request only when the last one was answered. */
function outOfOrderOfProducers(accepted: readonly Accepted[], known: ReadonlyMap<string, Row>): number {
  const last = new Map<string, number>();
  let count = 0;
  for (const { id, lane, producer } of accepted) {
    const sequence = Number(known.get(id)?.sequence ?? 0);
    const line = `${lane} ${producer}`;
    if (sequence < (last.get(line) ?? 0)) count++;
    last.set(line, sequence);
  }
  return count;
}

type Drawing = { prompt: string; startedAt: string; endedAt: string | null };

/** The most drawings at the same time per lane, by the provider's clock alone. */
function mostAtOnce(drawings: readonly Drawing[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const lane of Object.keys(AT_ONCE)) {
    const moments = drawings
      .filter(({ prompt }) => prompt.endsWith(` in ${lane}`))
      .flatMap(({ startedAt, endedAt }) => [
        { at: Date.parse(startedAt), change: 1 },
        { at: endedAt === null ? Infinity : Date.parse(endedAt), change: -1 },
      ])
      .toSorted((one, other) => one.at - other.at || one.change - other.change);
    let now = 0;
    for (const { change } of moments) {
      now += change;
      most[lane] = Math.max(most[lane] ?? 0, now);
    }
  }
  return most;
}

/** Describes each fault of the outcome in words; the list is empty when there is none. */
export function faultsOfImages(
  verdict: ImageVerdict,
  { tasks, kills }: { tasks: number; kills: number },
): string[] {
  const { lost, unasked, unfinished, withoutPicture: missing, mostPlaces, mostDrawn } = verdict;
  const tooMany = Object.entries(AT_ONCE).flatMap(([lane, limit]) => [
    (mostPlaces[lane] ?? 0) > limit && `${mostPlaces[lane]} places of lane ${lane} were taken at once`,
    (mostDrawn[lane] ?? 0) > limit && `${mostDrawn[lane]} pictures of lane ${lane} were drawn at once`,
  ]);
  return [
    verdict.accepted < tasks && `only ${verdict.accepted} tasks were accepted`,
    verdict.kills < kills && `only ${verdict.kills} kills`,
    verdict.killsInFlight * 2 < kills && `only ${verdict.killsInFlight} kills fell while pictures were drawn`,
    lost > 0 && `${lost} tasks are lost`,
    unasked > 0 && `${unasked} tasks were accepted twice`,
    unfinished > 0 && `${unfinished} tasks have not ended`,
    missing > 0 && `${missing} completed tasks have no picture`,
    verdict.jobsThatDisagree !== 0 && `${verdict.jobsThatDisagree} jobs say something else than their task`,
    verdict.outOfOrder > 0 && `${verdict.outOfOrder} tasks started before an earlier task`,
    verdict.outOfOrderOfProducers > 0 && `${verdict.outOfOrderOfProducers} stood in line in another order`,
    ...tooMany,
  ].filter((fault) => fault !== false);
}
