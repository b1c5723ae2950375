import { afterAll, beforeAll, expect, test } from "vitest";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";

const CHANGES = "(change|enable)_webhook";
let shop: HookShop;
beforeAll(async () => {
  shop = await hookShop();
  // A change locks its endpoint, and waits here while a test holds the lock.
  await shop.rows(`create function wait() returns trigger language plpgsql as $$ begin
      if current_query() ~ '${CHANGES}' then perform pg_advisory_xact_lock(1); end if; return null; end $$;
    create trigger wait before update on webhook_endpoints for each statement execute function wait()`);
});
afterAll(() => shop.close());

const isWaiting = async (queries: string) =>
  (
    await shop.rows(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ $1",
      [queries],
    )
  ).length > 0;
const laneOf = async (id: string) =>
  (
    await shop.rows("select lane_job_id is not null as has_lane from webhook_endpoints where id = $1", [id])
  )[0];

/** Publishes a fact in a transaction that begins during the change of the endpoint and ends after it. */
async function changeMeanwhile(id: string, change: () => Promise<{ status: number }>) {
  const [holder, publisher] = [await shop.database.sql.connect(), await shop.database.sql.connect()];
  try {
    await holder.query("begin");
    await holder.query("select pg_advisory_xact_lock(1)");
    let hasEnded = false;
    const answer = change().finally(() => {
      hasEnded = true;
    });
    await expect.poll(() => isWaiting(CHANGES)).toBe(true);
    await publisher.query("begin");
    await publisher.query("select private.publish_fact('report.ready', 'operator', $1, '{}', $2)", [
      id,
      shop.engine.clock.now(),
    ]);
    await holder.query("commit");
    await expect.poll(async () => hasEnded || (await isWaiting("start_webhook_lane"))).toBe(true);
    await publisher.query("commit");
    return await answer;
  } finally {
    await holder.query("rollback");
    await publisher.query("rollback");
    holder.release();
    publisher.release();
  }
}

test.each([
  { way: "changed", method: "PATCH", path: "", body: { description: "x" } },
  { way: "enabled", method: "POST", path: "/enable", body: undefined },
])(
  "a fact that is published while its endpoint is $way starts its lane, without housekeeping",
  async (one) => {
    const { id } = await shop.endpoint(one.way.replaceAll(" ", "-"));
    const { status } = await changeMeanwhile(id, () =>
      shop.call(one.method, `/api/webhook-endpoints/${id}${one.path}`, one.body),
    );
    expect(status).toBe(200);
    expect(await laneOf(id)).toEqual({ has_lane: true });
    await shop.call("DELETE", `/api/webhook-endpoints/${id}`);
  },
);
