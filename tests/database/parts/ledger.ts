import { randomUUID } from "node:crypto";
import { partsRepository } from "#jobs/parts-repository.ts";
import { jobRepository } from "#jobs/repository.ts";
import { createDatabase } from "#lib/database/client.ts";
import { freshDatabase } from "../../support/database.ts";

export type PartsLedger = Awaited<ReturnType<typeof partsLedger>>;

/**
 * A database with jobs in parts, and a room that writes one row for each unit: a unit that is done twice is refused.
 */
export async function partsLedger() {
  const db = await freshDatabase();
  let now = new Date("2026-11-22T12:00:00Z");
  const clock = { now: () => now };
  const client = createDatabase(db.env, db.fetch);
  const jobs = jobRepository(client, clock);
  const parts = partsRepository(client, clock);
  await db.sql.query(`
    create table units (job_id uuid, unit bigint, primary key (job_id, unit));
    create function settle_units(p_id bigint, p_token uuid, p_job_id uuid, p_from bigint, p_to bigint, p_now timestamptz)
    returns text language plpgsql as $$
    declare v_answer text := private.hold_part(p_id, p_token, p_from);
    begin
      if v_answer is null then
        insert into units select p_job_id, unit from generate_series(p_from, p_to) as unit;
        v_answer := private.settle_part(p_id, p_token, jsonb_build_object('done', p_to - p_from + 1), p_to + 1, p_now);
      end if;
      return v_answer;
    end $$`);
  const rows = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;

  return {
    db,
    rows,
    parts,
    jobs,
    now: () => now,
    later(ms: number) {
      now = new Date(now.getTime() + ms);
    },
    /** A running job of parts with so many units each; without sizes it has no plan yet. */
    async job(sizes?: readonly number[]) {
      const run = {
        eventId: randomUUID(),
        eventName: "test/walk",
        eventData: {},
        functionId: "walk",
        runId: randomUUID(),
        attempt: 0,
        parentJobId: undefined,
      };
      const { jobId } = await jobs.startRun(run);
      if (sizes === undefined) return { jobId: String(jobId), run };
      let first = 1;
      const ranges = sizes.map((total) => {
        const range = { first, last: first + total - 1, total };
        first += total;
        return range;
      });
      const plan = await parts.open(run.eventId, "walk");
      await parts.add(plan.jobId, null, { parts: ranges, cursor: null });
      return { jobId: String(jobId), run };
    },
    claim: (jobId: string, claimant: string, part?: number) =>
      parts.claim({ jobId, part, claimant: `${claimant} of ${jobId}`, leaseMs: 60_000 }),
    /** Does the units `from` to `to` of a claimed part as a room would: rows and settle in one transaction. */
    async settle(jobId: string, { id, token }: { id: number; token: string }, from: number, to: number) {
      const [row] = await rows(
        "select settle_units($1, $2, $3, $4, $5, $6) as answer",
        id,
        token,
        jobId,
        from,
        to,
        now,
      );
      return String(row.answer);
    },
    /** The run of a part fails for good, and an administrator handles the dead letter. */
    async fail(jobId: string, part: number | undefined, runId: string) {
      const letter = {
        eventId: randomUUID(),
        eventName: "test/part",
        eventData: { parentJobId: jobId, ...(part === undefined ? {} : { part }) },
        functionId: "walk-part",
        runId: `${runId} of ${jobId}`,
        parentJobId: jobId,
        error: { code: "provider_rejected", message: "no" },
        fingerprint: "f",
      };
      const [row] = await rows("select record_dead_letter($1, $2) as id", JSON.stringify(letter), now);
      return String(row.id);
    },
    ignore: (letterId: string) =>
      rows("select ignore_dead_letter($1, 'not worth it', 'ann', $2)", letterId, now),
    async view(jobId: string) {
      const [job] = await rows(
        `select status, progress_done::int as done, progress_total::int as total, result,
           (select count(*)::int from job_events where job_id = $1 and type = 'completed') as ends,
           (select count(*)::int from units where job_id = $1) as units
         from jobs where id = $1`,
        jobId,
      );
      return job;
    },
    statuses: async (jobId: string) =>
      (await rows("select status from job_parts where job_id = $1 order by part_no", jobId)).map(
        ({ status }) => status,
      ),
    close: () => db.close(),
  };
}
