import { randomUUID } from "node:crypto";
import pg from "pg";
import type { TestDatabase } from "./database.ts";
import { wanted } from "./jobs.ts";

export type ImageLane = ReturnType<typeof imageLane>;

type Wish = {
  id?: string;
  priority?: number;
  at?: Date;
  deadlineAt?: string;
  owner?: string;
  key?: string;
  prompt?: string;
  submissions?: unknown[];
};
type Row = Record<string, unknown>;

/** A lane of the image queue, called by SQL over several connections. */
export function imageLane(
  db: TestDatabase,
  { lane = `lane ${randomUUID()}`, atOnce = 5, capacity = 100, connections = 5 } = {},
) {
  const pool = new pg.Pool({ connectionString: db.url, max: connections });
  pool.on("error", () => {});
  const rows = async (sql: string, ...values: unknown[]): Promise<Row[]> =>
    (await pool.query(sql, values)).rows;
  const one = async (sql: string, ...values: unknown[]) => {
    const [row] = await rows(sql, ...values);
    return row?.["answer"];
  };
  const now = () => new Date().toISOString();

  return {
    lane,
    rows,
    async accept({ id = randomUUID(), at = new Date(), owner = "ann", ...wish }: Wish = {}) {
      const { priority = 3, deadlineAt, key = null, prompt = "a boat", submissions = [] } = wish;
      const request = {
        id,
        owner,
        // Each request has its own requester, because this test is not about rate limits.
        requester: key === null ? `key:${id}` : "key:test",
        key,
        priority,
        held: true,
        functionId: "generate-image",
        event: "image/generate",
      };
      const answer = await one(
        "select accept_image_task($1, $2, $3, $4, $5) as answer",
        { lane, atOnce, capacity },
        prompt,
        JSON.stringify(submissions),
        wanted({
          ...request,
          data: { taskId: id },
          comparedData: { lane, prompt },
          ...(deadlineAt === undefined ? {} : { deadlineAt }),
        }),
        at.toISOString(),
      );
      return { taskId: (answer as { id: string }).id };
    },
    /** A run begins to work on the task, by its first job or another event. */
    begin: async (id: string, eventId = id, leaseMs = 30_000, at = now()) =>
      (await one("select begin_image_attempt($1, $2, $3, '[]', $4) as answer", id, eventId, leaseMs, at)) as {
        state: string;
        token: string;
        attempt: number;
        waitMs: number | null;
      },
    end: (id: string, token: string, outcome: Row, at = now()) =>
      one("select end_image_attempt($1, $2, $3, $4) as answer", id, token, outcome, at),
    complete: (id: string, eventId = id) =>
      one("select complete_image_task($1, $2, 'thumb', '{}', $3) as answer", id, eventId, now()),
    cancel: (id: string) => one("select (cancel_job($1, null, 'key:test', $2)).status as answer", id, now()),
    fail: (id: string) =>
      one(
        'select private.end_job($1, \'failed\', null, \'{"code":"internal","message":"x"}\', $2) as answer',
        id,
        now(),
      ),
    clear: () => rows("select clear_image_lane($1, 'key:test', $2)", lane, now()),
    startWaiting: async (at = now()) =>
      Number(await one("select start_waiting_image_tasks($1) as answer", at)),
    async task(id: string): Promise<Row> {
      const [row] = await rows("select * from image_tasks where id = $1", id);
      if (row === undefined) throw new Error("There is no such task");
      return row;
    },
    tasks: (): Promise<Row[]> => rows("select * from image_tasks where lane = $1 order by sequence", lane),
    /** Draws the picture of a task that may start, from begin to end. */
    async draw(id: string, eventId = id) {
      const { token } = await this.begin(id, eventId);
      await this.end(id, token, { imagePath: "picture" });
      return this.complete(id, eventId);
    },
    close: () => pool.end(),
  };
}
