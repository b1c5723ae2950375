/**
 * Replays: each message once, by the receiver's own record. REPLAY_MESSAGES=10000 runs the long form.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";

const MESSAGES = Number(process.env["REPLAY_MESSAGES"] ?? 300);
let shop: HookShop;
let endpointId: string;
beforeEach(async () => {
  shop = await hookShop();
  ({ id: endpointId } = await shop.endpoint("hook", {
    eventTypes: ["report.ready"],
    perSecond: 1000,
    policy: "short",
  }));
});
afterEach(() => shop.close());

/** Messages that the endpoint has not received, because it was disabled. */
async function missed(count: number) {
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/disable`);
  await shop.rows(
    "select private.publish_fact('report.ready', 'operator', 'r' || n, jsonb_build_object('n', n), $1) from generate_series(1, $2::int) as n",
    [shop.engine.clock.now(), count],
  );
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/enable`);
}
const period = (more: object = {}) => ({ from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", ...more });
const preview = async (scope = "missing") =>
  (
    await shop.call(
      "GET",
      `/api/webhook-endpoints/${endpointId}/replay-preview?${new URLSearchParams({ ...period(), scope })}`,
    )
  ).body.count;
const replay = async (more: object = {}) =>
  (
    await shop.call(
      "POST",
      `/api/webhook-endpoints/${endpointId}/replays`,
      period({ perSecond: 1000, ...more }),
    )
  ).body;
const jobIs = (id: string, status: string) =>
  shop.engine.waitFor(async () => (await shop.call("GET", `/api/jobs/${id}`)).body.status === status, {
    within: "2d",
  });
const idsReceived = () => shop.received.map(({ headers }) => headers["webhook-id"]);

test("a replay counts and sends once the messages that a disabled endpoint missed; with scope all it also sends delivered ones", async () => {
  await missed(50);
  expect(shop.received).toEqual([]);
  expect(await preview()).toBe(50);
  const { jobId } = await replay();
  await jobIs(jobId, "completed");
  await shop.settled();
  const numbers = shop.received.map(({ body }) => Number(JSON.parse(body).data.n));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    result: { queued: 50, total: 50 },
  });
  expect((await shop.call("GET", `/api/webhook-replays/${jobId}`)).body).toMatchObject({
    status: "completed",
    progress: { done: 50, total: 50, percent: 100 },
  });
  expect(await preview()).toBe(0);
  expect(await preview("all")).toBe(50);
  const again = await replay({ scope: "all" });
  await jobIs(again.jobId, "completed");
  await shop.settled();
  expect(shop.received).toHaveLength(100);
  expect(new Set(idsReceived()).size).toBe(50);
});

test("a replay sends a fact whose key looks like a test, but no test of another endpoint", async () => {
  const { id: other } = await shop.endpoint("other", { eventTypes: ["report.ready"] });
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/disable`);
  await shop.publish("test:1");
  await shop.call("POST", `/api/webhook-endpoints/${other}/test`, { type: "report.ready" });
  await shop.settled();
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/enable`);
  expect(await preview()).toBe(1);
});

test.each([1, 1000])(
  "a replay sends the messages that fail only after they were counted, at %i a second",
  async (perSecond) => {
    await missed(3);
    // The second message waits for its next attempt while the messages are counted.
    const of = "(select min(sequence) + 1 from webhook_messages)";
    await shop.rows(
      `insert into webhook_deliveries (endpoint_id, message_id, next_at, created_at)
       select $1, id, timestamptz '2100-01-01', at from webhook_messages where sequence = ${of}`,
      [endpointId],
    );
    shop.hooks.afterDatabase = async (path) => {
      if (!path.endsWith("/cut_webhook_replay")) return;
      await shop.rows(
        "update webhook_deliveries set status = 'failed', next_at = null, ended_at = created_at",
      );
    };
    const { jobId } = await replay({ perSecond });
    await jobIs(jobId, "completed");
    await shop.settled();
    expect(new Set(idsReceived()).size).toBe(3);
    expect((await shop.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
      progress: { done: 3, total: 3 },
      result: { queued: 3, total: 3 },
    });
  },
);

const queued = async () => (await shop.rows("select from webhook_deliveries")).length;
const runs = () => shop.engine.runs("replay-webhooks").length;

/** Calls `act` as soon as a run has queued so many messages; the run waits for `act`. Returns when the run has ended. */
async function whileQueuing<Result>(count: number, act: () => Promise<Result>): Promise<Result> {
  const acts: Promise<Result>[] = [];
  shop.hooks.afterDatabase = async (path) => {
    if (!path.endsWith("/queue_webhook_replay") || acts.length > 0 || (await queued()) < count) return;
    acts.push(act());
    await Promise.allSettled(acts);
  };
  await shop.engine.idle();
  shop.hooks.afterDatabase = undefined;
  if (acts[0] === undefined) throw new Error(`No run has queued ${count} messages`);
  return acts[0];
}

/** A replay of 40 messages that is paused after some of them, and whose run has ended. */
async function paused() {
  await missed(40);
  const { jobId, replayUrl } = await replay({ perSecond: 1 });
  const { body } = await whileQueuing(2, () => shop.call("POST", `${replayUrl}/pause`));
  expect(body.isPaused).toBe(true);
  return { jobId, replayUrl, held: await queued() };
}

test("a replay can be paused, resumed and canceled, and costs no executions while it is paused", async () => {
  const { jobId, replayUrl, held } = await paused();
  expect(held).toBeLessThan(40);
  const before = shop.engine.usage().executions;
  await shop.engine.advance("3d");
  await shop.app.keepHouse();
  await shop.engine.idle();
  expect(await queued()).toBe(held);
  expect({ runs: runs(), executions: shop.engine.usage().executions - before }).toEqual({
    runs: 1,
    executions: 0,
  });
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body.status).toBe("running");
  expect((await shop.call("POST", `${replayUrl}/resume`)).body.isPaused).toBe(false);
  expect((await whileQueuing(held + 1, () => shop.call("DELETE", `/api/jobs/${jobId}`))).status).toBe(202);
  expect(runs()).toBe(2);
  await shop.engine.advance("1h");
  expect(await queued()).toBeLessThan(40);
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body.status).toBe("canceled");
});

test("a replay is resumed although the process dies after the resume was committed", async () => {
  const { jobId, replayUrl } = await paused();
  await shop.rows("update webhook_replays set per_second = 1000");
  shop.down.engine = true;
  shop.hooks.afterDatabase = (path) => {
    if (path.endsWith("/resume_webhook_replay")) throw new TypeError("fetch failed: the process died");
  };
  expect((await shop.call("POST", `${replayUrl}/resume`)).status).toBe(503);
  shop.hooks.afterDatabase = undefined;
  shop.down.engine = false;
  expect(runs()).toBe(1);
  await shop.engine.advance("5m");
  await shop.app.keepHouse();
  await jobIs(jobId, "completed");
  await shop.settled();
  expect(new Set(idsReceived()).size).toBe(40);
});

test("a replay that is resumed before its run has noticed the pause goes on in the same run", async () => {
  await missed(5);
  const { jobId, replayUrl } = await replay({ perSecond: 1 });
  await whileQueuing(2, async () => {
    const { id } = (await shop.call("GET", replayUrl)).body;
    const now = shop.engine.clock.now();
    // In one transaction, so that the run cannot notice the pause.
    await shop.rows("select pause_webhook_replay($1, null, $2), resume_webhook_replay($1, null, $2)", [
      id,
      now,
    ]);
  });
  await jobIs(jobId, "completed");
  expect({ queued: await queued(), runs: runs() }).toEqual({ queued: 5, runs: 1 });
});

test("a replay that has ended is neither paused nor resumed, but one that is reprocessed can be", async () => {
  await missed(5);
  const { jobId, replayUrl } = await replay({ perSecond: 1 });
  await whileQueuing(2, () => shop.call("POST", `/api/webhook-endpoints/${endpointId}/disable`));
  const refused = async () => {
    for (const action of ["pause", "resume"]) {
      expect(await shop.call("POST", `${replayUrl}/${action}`)).toMatchObject({
        status: 409,
        body: { error: "The replay has ended" },
      });
    }
  };
  await refused();
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/enable`);
  const [letter] = await shop.rows("select id from dead_letter_queue where job_id = $1", [jobId]);
  const { body } = await shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`);
  expect((await shop.call("POST", `${replayUrl}/pause`)).body.isPaused).toBe(true);
  expect((await shop.call("POST", `${replayUrl}/resume`)).body.isPaused).toBe(false);
  await jobIs(body.jobId, "completed");
  await refused();
  expect((await shop.call("GET", replayUrl)).body.isPaused).toBe(false);
});

test("a paused replay whose job was canceled is run again, and resumed", async () => {
  const { jobId, replayUrl } = await paused();
  await shop.call("DELETE", `/api/jobs/${jobId}`);
  const { body } = await shop.call("POST", `/api/jobs/${jobId}/run-again`);
  await shop.engine.idle();
  expect(await shop.call("POST", `${replayUrl}/resume`)).toMatchObject({ status: 200 });
  await jobIs(body.jobId, "completed");
});

test("the job of a paused replay is canceled when its endpoint is deleted", async () => {
  const { jobId, held } = await paused();
  expect((await shop.call("DELETE", `/api/webhook-endpoints/${endpointId}`)).status).toBe(204);
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body.status).toBe("canceled");
  expect(await queued()).toBe(held);
});

test("a replay fails when its endpoint is disabled, and goes on where it stopped when it is reprocessed", async () => {
  await missed(5);
  const { jobId, replayUrl } = await replay({ perSecond: 1 });
  await whileQueuing(2, () => shop.call("POST", `/api/webhook-endpoints/${endpointId}/disable`));
  const shown = async () => (await shop.call("GET", replayUrl)).body;
  expect(await shown()).toMatchObject({ status: "failed", jobUrl: `/api/jobs/${jobId}` });
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "failed",
    progress: { done: 2, total: 5 },
    error: { code: "conflict", message: "The endpoint is disabled: enable it first" },
  });
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/enable`);
  const [letter] = await shop.rows("select id from dead_letter_queue");
  const { body } = await shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`);
  await jobIs(body.jobId, "completed");
  await shop.settled();
  expect(new Set(idsReceived()).size).toBe(5);
  expect((await shop.call("GET", `/api/jobs/${body.jobId}`)).body.result).toMatchObject({
    queued: 5,
    total: 5,
  });
  expect(await shown()).toMatchObject({
    id: jobId,
    status: "completed",
    progress: { done: 5, total: 5 },
    jobUrl: `/api/jobs/${body.jobId}`,
  });
});

test("a resumed replay shows the job whose part is continued", async () => {
  const { jobId, replayUrl } = await paused();
  const { body } = await shop.call("POST", `${replayUrl}/resume`);
  expect(body.jobUrl).toBe(`/api/jobs/${jobId}`);
  await jobIs(jobId, "completed");
  expect((await shop.call("GET", replayUrl)).body).toMatchObject({
    status: "completed",
    progress: { done: 40, total: 40 },
    jobUrl: `/api/jobs/${jobId}`,
  });
});

test("the rest of a replay is skipped when its endpoint is deleted", async () => {
  await missed(5);
  const { jobId } = await replay({ perSecond: 1 });
  await whileQueuing(2, () => shop.call("DELETE", `/api/webhook-endpoints/${endpointId}`));
  expect((await shop.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "completed",
    result: { queued: 2, skipped: 3 },
  });
});

test("a replay is refused for a disabled endpoint, and for a period that ends before it begins", async () => {
  const backwards = { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" };
  expect((await shop.call("POST", `/api/webhook-endpoints/${endpointId}/replays`, backwards)).status).toBe(
    400,
  );
  await shop.call("POST", `/api/webhook-endpoints/${endpointId}/disable`);
  expect((await shop.call("POST", `/api/webhook-endpoints/${endpointId}/replays`, period())).status).toBe(
    409,
  );
});

test(`a replay of ${MESSAGES} messages delivers each of them, under one message id, although its processes die five times`, async () => {
  await missed(MESSAGES);
  // A process dies after every so many calls to the database: its answer is lost, and all that it would do next.
  const every = Math.ceil(MESSAGES / 20);
  let [kills, calls] = [0, 0];
  shop.hooks.afterDatabase = () => {
    calls += 1;
    if (kills < 5 && calls % every === 0) {
      kills += 1;
      throw new TypeError("fetch failed: the process died");
    }
  };
  const { jobId } = await replay();
  await jobIs(jobId, "completed");
  await shop.settled();
  shop.hooks.afterDatabase = undefined;
  expect(kills).toBe(5);
  // Lanes share their executions; a job per delivery would cost at least two for each.
  expect(shop.engine.usage().executions).toBeLessThan(MESSAGES / 4);
  expect(new Set(idsReceived()).size).toBe(MESSAGES);
  // An answer that was lost may bring a message again, under the same id, by which the receiver knows it.
  expect(shop.received.length - MESSAGES).toBeLessThanOrEqual(5 * 10);
  const [row] = await shop.rows(
    "select count(*)::int as n from webhook_deliveries where status = 'delivered'",
  );
  expect(row.n).toBe(MESSAGES);
}, 300_000);
