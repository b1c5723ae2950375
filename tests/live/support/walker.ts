import { randomUUID } from "node:crypto";
import type pg from "pg";
import { wanted } from "../../support/jobs.ts";

type Random = () => number;
const KIND = "walk";

/** Changes jobs by the ledger's own SQL: it starts, advances, completes, fails, cancels and replays them. */
export function createWalker(random: Random, owners: readonly string[]) {
  const jobs: { id: string; runs: number; attempt: number; done: number }[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

  async function accept(client: pg.ClientBase) {
    const id = randomUUID();
    await client.query("select private.insert_job($1, clock_timestamp())", [
      wanted({ id, owner: pick(owners), kind: KIND }),
    ]);
    jobs.push({ id, runs: 0, attempt: 0, done: 0 });
  }

  const start = (client: pg.ClientBase, id: string, run: number, attempt: number) =>
    client.query("select start_run($1, 'test/walk', '{}', 'walk', $2, $3, null, clock_timestamp())", [
      id,
      `${id}/${run}`,
      attempt,
    ]);

  /** Makes one change, or none when there is no job for it. */
  return async function step(client: pg.ClientBase): Promise<void> {
    if (jobs.length < 12 || random() < 0.05) return accept(client);
    const job = pick(jobs);
    const { id } = job;
    const run = `${id}/${job.runs}`;
    switch (Math.floor(random() * 7)) {
      case 0:
        return void (await start(client, id, ++job.runs, (job.attempt = 0)));
      case 1:
        return void (await start(client, id, job.runs, ++job.attempt));
      case 2:
      case 3:
        job.done = Math.min(100, job.done + Math.ceil(random() * 10));
        return void (await client.query(
          "select private.advance_job(id, $2, 100, clock_timestamp()) from jobs where id = $1 and status = 'running'",
          [id, job.done],
        ));
      case 4:
        return void (await client.query(
          "select finish_run($1, 'walk', $2, '{\"ok\": true}', clock_timestamp())",
          [id, run],
        ));
      case 5:
        return void (await client.query(
          "select private.abandon_run($1, 'walk', $2, 'failed', '{\"message\": \"tired\"}', clock_timestamp())",
          [id, run],
        ));
      default:
        if (random() < 0.3)
          await client.query("select private.end_job($1, 'canceled', null, null, clock_timestamp())", [id]);
    }
  };
}

/** A walker whose changes are committed late or never: its transaction stays open over several rounds. */
export async function createSlowWalker(pool: pg.Pool, random: Random, owners: readonly string[]) {
  const client = await pool.connect();
  const step = createWalker(random, owners);
  let isOpen = false;
  return {
    /** Makes some changes; sometimes ends the transaction. */
    async round() {
      if (!isOpen) await client.query("begin");
      isOpen = true;
      await step(client);
      if (random() < 0.6) await step(client);
      if (random() < 0.35) await this.finish();
    },
    async finish() {
      if (isOpen) await client.query(random() < 0.8 ? "commit" : "rollback");
      isOpen = false;
    },
    async leave() {
      await this.finish();
      client.release();
    },
  };
}
