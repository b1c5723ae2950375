import { randomUUID } from "node:crypto";

type Database = { query(sql: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };

/** The arguments of `private.accept_job` and `private.insert_job` that tests use. */
export type Wanted = {
  id?: string | undefined;
  functionId?: string;
  event?: string;
  data?: object;
  requester?: string;
  owner?: string | null | undefined;
  kind?: string;
  key?: string | null;
  comparedData?: unknown;
  parentJobId?: string;
  held?: boolean;
  priority?: number;
  deadlineAt?: string;
  delayMs?: number;
  attempts?: number;
  backoffMs?: number;
  keepCompleted?: number;
};

export const wanted = (request: Wanted = {}) =>
  JSON.stringify({
    id: randomUUID(),
    functionId: "walk",
    event: "test/walk",
    requester: "key:test",
    owner: "ann",
    ...request,
  });

/** Inserts a job into the ledger and the outbox, without any limits; its event has only its data. */
export async function insertJob(sql: Database, request: Wanted = {}, now = new Date()): Promise<string> {
  const { rows } = await sql.query("select id from private.insert_job($1, $2)", [wanted(request), now]);
  return String(rows[0]?.["id"]);
}
