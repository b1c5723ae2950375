import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFrameReader } from "#client/sse.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  const secret = "a secret of these tests and of nothing else";
  site = await testApp(database, {
    env: { STREAM_SECONDS: "600", LINK_SECRET: secret },
    outside: async () => Response.json({ ids: ["01EVENT"], status: 200 }),
  });
});
afterAll(() => database.close());

async function accept(owner = "ann", kind = "walk"): Promise<string> {
  const id = randomUUID();
  return insertJob(database.sql, { id, owner, kind });
}
const end = (id: string, status = "completed") =>
  database.sql.query("select private.end_job($1, $2, null, null, now())", [id, status]);

type Who = { as?: "ann" | "bob" | "admin"; headers?: Record<string, string> };

/** Opens a stream; `next` waits for the next message. */
async function open(path: string, { as = "ann", headers = {} }: Who = {}) {
  const gone = new AbortController();
  const response = await site.app.doors.api(
    new Request(`http://site.local${path}`, {
      headers: path.includes("ticket=") ? headers : { authorization: `Bearer ${site.keys[as]}`, ...headers },
      signal: gone.signal,
    }),
  );
  const reader = response.body?.getReader();
  const read = createFrameReader();
  const utf8 = new TextDecoder();
  const frames: ReturnType<typeof read> = [];
  return {
    response,
    async next() {
      while (frames.length === 0) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined) throw new Error("the stream has ended");
        frames.push(
          ...read(utf8.decode(chunk.value, { stream: true })).filter(({ data }) => data !== undefined),
        );
      }
      const { id, event, data = "" } = frames.shift() ?? {};
      return { id, event, data: JSON.parse(data) };
    },
    close: () => reader?.cancel(),
  };
}
const idsOf = ({ data }: { data: { jobs: { id: string }[] } }) => data.jobs.map(({ id }) => id);

describe("GET /api/jobs/stream", () => {
  test("S1-6: 200: every open stream receives each change as an event with JSON data", async () => {
    const known = await accept();
    const tabs = await Promise.all([open("/api/jobs/stream?kind=walk"), open("/api/jobs/stream?kind=walk")]);
    for (const tab of tabs) expect(idsOf(await tab.next())).toEqual([known]);
    const id = await accept();
    for (const tab of tabs) {
      expect(await tab.next()).toMatchObject({ event: "job", data: { id, status: "queued", revision: 1 } });
    }
    await end(id);
    for (const tab of tabs) {
      const { data } = await tab.next();
      expect(data).toMatchObject({
        id,
        status: "completed",
        timeline: [{ type: "accepted" }, { type: "completed" }],
      });
      await tab.close();
    }
  });

  test("200: the answer is an event stream that proxies must not cache, with the usual security headers", async () => {
    const { response, close } = await open("/api/jobs/stream");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    await close();
  });

  test("200: a caller receives changes of their own jobs, an administrator of all jobs", async () => {
    const kind = randomUUID();
    const [bob, admin] = [
      await open(`/api/jobs/stream?kind=${kind}`, { as: "bob" }),
      await open(`/api/jobs/stream?kind=${kind}`, { as: "admin" }),
    ];
    for (const one of [bob, admin]) await one.next();
    const anns = await accept("ann", kind);
    const bobs = await accept("bob", kind);
    expect((await bob.next()).data.id).toBe(bobs);
    expect([(await admin.next()).data.id, (await admin.next()).data.id]).toEqual([anns, bobs]);
    await bob.close();
    await admin.close();
  });

  test("200: a job that no longer matches the filter is reported as gone", async () => {
    const kind = randomUUID();
    const id = await accept("ann", kind);
    const { next, close } = await open(`/api/jobs/stream?kind=${kind}&status=queued`);
    expect(idsOf(await next())).toEqual([id]);
    await end(id);
    expect(await next()).toMatchObject({ event: "gone", data: { id } });
    await close();
  });

  test("200: a stream continues after the last id, given as a header or in the query", async () => {
    const kind = randomUUID();
    const first = await open(`/api/jobs/stream?kind=${kind}`);
    const { id = "" } = await first.next();
    await first.close();
    const missed = await accept("ann", kind);
    for (const again of [
      await open(`/api/jobs/stream?kind=${kind}&after=${id}`),
      await open(`/api/jobs/stream?kind=${kind}&after=1:1:`, { headers: { "last-event-id": id } }),
    ]) {
      expect(await again.next()).toMatchObject({ event: "job", data: { id: missed } });
      await again.close();
    }
  });

  test("S3-10: 200: the progress of a running job is sent as its own event", async () => {
    const kind = randomUUID();
    const id = await accept("ann", kind);
    await database.sql.query("select start_run($1, 'test/walk', '{}', 'walk', $1, 0, null, now())", [id]);
    const { next, close } = await open(`/api/jobs/stream?kind=${kind}`);
    await next();
    await database.sql.query("select private.advance_job($1, 40, 100, now())", [id]);
    expect(await next()).toMatchObject({
      event: "progress",
      data: {
        id,
        progress: { done: 40, total: 100, percent: 40 },
        waitingUntil: null,
        lastError: null,
        blocked: null,
      },
    });
    await close();
  });

  test("200: the stream reports when a running job begins to wait, and when it goes on", async () => {
    const kind = randomUUID();
    const id = await accept("ann", kind);
    const ask = (text: string) => database.sql.query(text, [id]);
    await ask("select start_run($1, 'test/walk', '{}', 'walk', $1, 0, null, now())");
    await ask(
      `select private.plan_parts($1, '{"from": null, "cursor": null, "parts": [{"first": 1, "last": 9, "total": 9}]}', now())`,
    );
    const { next, close } = await open(`/api/jobs/stream?kind=${kind}`);
    const untilItIs = async (waitingUntil: string | null) => {
      for (;;) {
        const { event, data } = await next();
        if (event === "progress" && data.waitingUntil === waitingUntil) return;
      }
    };
    await untilItIs(null);
    await ask("update job_parts set waiting_until = '2030-01-01T00:00:00Z' where job_id = $1");
    await untilItIs("2030-01-01T00:00:00+00:00");
    await ask("select claim_part($1, 1, 'run', 60000, now())");
    await untilItIs(null);
    await close();
  });

  test("S3-18: 200: a notification reaches only its owner", async () => {
    const [ann, bob] = [
      await open("/api/jobs/stream?kind=none"),
      await open("/api/jobs/stream?kind=none", { as: "bob" }),
    ];
    for (const one of [ann, bob]) await one.next();
    const notify = (owner: string, text: string) =>
      database.sql.query("select notify($1, 'NEW_MESSAGE', $2, null, now())", [owner, { text }]);
    await notify("bob", "for bob");
    await notify("ann", "for ann");
    expect(await ann.next()).toMatchObject({
      event: "notification",
      data: { type: "NEW_MESSAGE", userId: "ann", data: { text: "for ann" }, readAt: null },
    });
    expect((await bob.next()).data.data).toEqual({ text: "for bob" });
    await ann.close();
    await bob.close();
  });

  test("200: a stream with a cursor has the jobs after it, also of the same millisecond, and their changes", async () => {
    const kind = randomUUID();
    const ids = [await accept("ann", kind), await accept("ann", kind), await accept("ann", kind)];
    await database.sql.query("update jobs set created_at = '2020-01-01' where kind = $1", [kind]);
    const [newest = "", ...older] = ids.toSorted().toReversed();
    const { nextCursor } = (await site.call("GET", `/api/jobs?kind=${kind}&limit=1`, { as: "ann" })).body;
    const ask = async (after = "") => {
      const path = `/api/jobs/stream?kind=${kind}&cursor=${nextCursor}${after}`;
      const headers = { accept: "application/json" };
      return (await site.call("GET", path, { as: "ann", headers })).body.messages;
    };
    const [snapshot] = await ask();
    expect(idsOf(snapshot)).toEqual(older);
    await end(newest);
    await end(older[0] ?? "");
    expect(await ask(`&after=${snapshot.id}`)).toMatchObject([{ event: "job", data: { id: older[0] } }]);
  });

  test("200: clients that poll get the same messages as JSON", async () => {
    const kind = randomUUID();
    const ask = async (after = "") =>
      (
        await site.call("GET", `/api/jobs/stream?kind=${kind}${after}`, {
          as: "ann",
          headers: { accept: "application/json" },
        })
      ).body.messages;
    const [snapshot] = await ask();
    expect(snapshot).toEqual({
      id: expect.any(String),
      event: "snapshot",
      data: { jobs: [], notifications: expect.any(Array) },
    });
    expect(await ask(`&after=${snapshot.id}`)).toEqual([
      { id: expect.any(String), event: "position", data: null },
    ]);
    const id = await accept("ann", kind);
    expect(await ask(`&after=${snapshot.id}`)).toEqual([
      { id: expect.any(String), event: "job", data: expect.objectContaining({ id }) },
    ]);
  });

  test.each([
    "after=yesterday",
    "after=9:3:",
    "after=0:1:",
    "after=5:9:12",
    "after=5:9:7,6",
    "status=dead",
    "limit=5",
    "cursor=MQ",
  ])("400: the query %s is refused", async (query) => {
    expect((await site.call("GET", `/api/jobs/stream?${query}`, { as: "ann" })).body.code).toBe(
      "invalid_request",
    );
  });

  test("429: a requester may have ten streams open at once, and closing one allows another", async () => {
    const { app } = await testApp(database, { env: { STREAM_SECONDS: "9" } });
    const route = app.routes.find(({ path }) => path === "/api/jobs/stream");
    const knock = async () =>
      route?.handle({
        params: {},
        query: {},
        body: undefined,
        requester: { id: "user:ann", role: "app", owner: "ann" },
        idempotencyKey: undefined,
        request: new Request("http://site.local/api/jobs/stream"),
      });
    const opened = [];
    for (let n = 0; n < 10; n++) opened.push(await knock());
    await expect(knock()).rejects.toMatchObject({ code: "too_many_requests", retryAfterMs: 9000 });
    // Closing a stream makes room for another.
    const [first, ...others] = opened;
    const close = async (one: unknown) => {
      if (one instanceof Response) await one.body?.cancel();
    };
    await close(first);
    others.push(await knock());
    await Promise.all(others.map(close));
  });
});

describe("GET /api/jobs/:id/stream", () => {
  test("S4-77: 200: the stream starts with the job as it is, with runs and timeline, and reports its end", async () => {
    const id = await accept();
    const { next, close } = await open(`/api/jobs/${id}/stream`);
    expect((await next()).data.jobs).toEqual([
      expect.objectContaining({ id, runs: [], timeline: [expect.anything()] }),
    ]);
    await accept();
    await end(id, "failed");
    expect(await next()).toMatchObject({ event: "job", data: { id, status: "failed", state: "failed" } });
    await close();
  });

  test("200: a cancel reaches every open stream of the job", async () => {
    const id = await accept();
    const { next, close } = await open(`/api/jobs/${id}/stream`, { as: "admin" });
    await next();
    expect((await site.call("DELETE", `/api/jobs/${id}`, { as: "ann" })).status).toBe(202);
    expect(await next()).toMatchObject({ event: "job", data: { id, status: "canceled", error: null } });
    await close();
  });

  test("404: a job of another owner, or an unknown job", async () => {
    const id = await accept("bob");
    for (const one of [id, randomUUID()]) {
      expect((await site.call("GET", `/api/jobs/${one}/stream`, { as: "ann" })).status).toBe(404);
    }
  });
});

describe("tickets", () => {
  const issue = async (path: string) =>
    (await site.call("POST", "/api/tickets", { as: "ann", body: { path } })).body;

  test("201: a ticket opens its path with the rights of the requester who got it", async () => {
    const [mine] = [await accept("ann", "ticket"), await accept("bob", "ticket")];
    const { ticket } = await issue("/api/jobs/stream");
    const { next, close } = await open(`/api/jobs/stream?kind=ticket&ticket=${ticket}`);
    expect(idsOf(await next())).toEqual([mine]);
    await close();
  });

  test("401: a ticket opens no other path, and no route that takes no tickets", async () => {
    const id = await accept();
    const { ticket } = await issue("/api/jobs/stream");
    for (const path of [`/api/jobs/${id}/stream?ticket=${ticket}`, `/api/jobs?ticket=${ticket}`]) {
      expect(await site.call("GET", path)).toMatchObject({
        status: 401,
        body: { code: "unauthorized" },
      });
    }
  });

  test("401: a forged or expired ticket is refused", async () => {
    const { ticket, expiresAt } = await issue("/api/jobs/stream");
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
    const forged = `${ticket.slice(0, -2)}${ticket.endsWith("AA") ? "BB" : "AA"}`;
    const late = await testApp(database, {
      env: { LINK_SECRET: "a secret of these tests and of nothing else" },
      clock: { now: () => new Date(Date.now() + 61_000) },
    });
    expect((await site.call("GET", `/api/jobs/stream?ticket=${forged}`)).status).toBe(401);
    expect((await late.call("GET", `/api/jobs/stream?ticket=${ticket}`)).body.hint).toContain("/api/tickets");
  });

  test("400: a ticket is not issued for a path with a query or an address elsewhere", async () => {
    for (const path of ["/api/jobs/stream?kind=a", "https://elsewhere.example/api/x", ""]) {
      expect((await site.call("POST", "/api/tickets", { as: "ann", body: { path } })).status).toBe(400);
    }
  });

  test("400: a ticket is not issued for a path that takes no tickets; the refusal names those that do", async () => {
    for (const path of ["/api/jobs", "/api/jobs/streams", "/api/jobs/1/stream/2"]) {
      const { status, body } = await site.call("POST", "/api/tickets", { as: "ann", body: { path } });
      expect([path, status, body.code]).toEqual([path, 400, "invalid_request"]);
      for (const known of ["/api/jobs/stream", "/api/jobs/:id/stream", "/api/imports/:id/rejects.csv"]) {
        expect(body.detail.split(/[ ,]+/)).toContain(known);
      }
    }
    const path = `/api/jobs/${randomUUID()}/stream`;
    expect((await site.call("POST", "/api/tickets", { as: "ann", body: { path } })).status).toBe(201);
  });

  test("503: without LINK_SECRET no ticket is issued", async () => {
    const plain = await testApp(database, { env: { LINK_SECRET: "" } });
    const { body } = await plain.call("POST", "/api/tickets", {
      as: "ann",
      body: { path: "/api/jobs/stream" },
    });
    expect(body).toMatchObject({ code: "not_configured", detail: expect.stringContaining("LINK_SECRET") });
  });
});

describe("notifications", () => {
  const list = async (as: "ann" | "bob" | "admin", query = "") =>
    (await site.call("GET", `/api/notifications${query}`, { as })).body.items;

  test("S3-18: 200: a notification has {type, userId}, is stored once per key, and only its owner can read it or mark it as read", async () => {
    for (let n = 0; n < 2; n++) {
      await database.sql.query("select notify('bob', 'IMAGE_READY', '{\"taskId\":\"7\"}', 'image-7', now())");
    }
    const news = (await list("bob")).filter(({ type }: { type: string }) => type === "IMAGE_READY");
    expect(news).toEqual([
      {
        id: expect.any(String),
        type: "IMAGE_READY",
        userId: "bob",
        data: { taskId: "7" },
        createdAt: expect.any(String),
        readAt: null,
      },
    ]);
    const [{ id }] = news;
    // Even an administrator cannot read another person's notifications.
    for (const as of ["ann", "admin"] as const) {
      expect((await list(as)).map(({ id }: { id: string }) => id)).not.toContain(id);
      expect((await site.call("POST", `/api/notifications/${id}/read`, { as })).status).toBe(404);
    }
    const read = await site.call("POST", `/api/notifications/${id}/read`, { as: "bob" });
    const again = await site.call("POST", `/api/notifications/${id}/read`, { as: "bob" });
    expect(read.body.readAt).not.toBeNull();
    expect(again.body).toEqual(read.body);
    expect((await list("bob", "?unread=true")).map(({ id }: { id: string }) => id)).not.toContain(id);
  });

  test("the newest 200 notifications of each owner are kept", async () => {
    await database.sql.query(
      "select notify('carl', 'NEW_MESSAGE', to_jsonb(n), null, now() + n * interval '1 second') from generate_series(1, 205) as n",
    );
    const { rows } = await database.sql.query(
      "select count(*)::int, min(data::int) as oldest from notifications where owner = 'carl'",
    );
    expect(rows).toEqual([{ count: 200, oldest: 6 }]);
  });
});
