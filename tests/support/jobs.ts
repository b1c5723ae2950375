import { randomUUID } from "node:crypto";

type Database = { query(sql: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };

/** What `private.accept_job` and `private.insert_job` take, as far as a test cares. */
export type Wanted = {
  id?: string | undefined;
  functionId?: string;
  event?: string;
  data?: object;
  requester?: string;
  owner?: string | null | undefined;
  kind?: string;
  key?: string | null;
  said?: unknown;
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

/** A job that stands in the ledger and in the outbox. Nothing refuses it; its event is its data alone. */
export async function insertJob(sql: Database, request: Wanted = {}, now = new Date()): Promise<string> {
  const { rows } = await sql.query("select id from private.insert_job($1, $2)", [wanted(request), now]);
  return String(rows[0]?.["id"]);
}
