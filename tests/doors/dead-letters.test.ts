import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
const sent: { id: string; name: string; data: unknown }[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, {
    outside: async (input, init) => {
      sent.push(...(await new Request(input, init).json()));
      return Response.json({ ids: ["01EVENT"], status: 200 });
    },
  });
});
afterAll(() => database.close());

async function letter(extra: Record<string, unknown> = {}) {
  const runId = randomUUID();
  const { rows } = await database.sql.query("select record_dead_letter($1, now()) as id", [
    JSON.stringify({
      eventId: randomUUID(),
      eventName: "test/order.paid",
      eventData: { orderId: "1", email: "ada@example.com" },
      functionId: "ship-order",
      runId,
      parentJobId: null,
      attempts: 6,
      error: { code: "provider_rejected", message: "no lorry", stack: "at x" },
      fingerprint: "f1",
      ...extra,
    }),
  ]);
  return { id: String(rows[0].id), runId };
}
const idsOf = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);

test.each([
  ["GET", "/api/dead-letters"],
  ["GET", `/api/dead-letters/${randomUUID()}`],
  ["POST", `/api/dead-letters/${randomUUID()}/reprocess`],
  ["POST", `/api/dead-letters/${randomUUID()}/ignore`],
])("403: %s %s needs an administrator", async (method, path) => {
  expect((await site.call(method, path, { as: "ann" })).status).toBe(403);
});

describe("GET /api/dead-letters", () => {
  test("200: dead letters come newest first, and each filter works", async () => {
    const a = await letter({ functionId: "listed", fingerprint: "fa" });
    const b = await letter({
      functionId: "listed",
      fingerprint: "fb",
      eventName: "test/other",
      error: { code: "conflict", message: "x" },
    });
    const find = async (query: string) =>
      idsOf((await site.call("GET", `/api/dead-letters?function=listed&${query}`, { as: "admin" })).body);
    expect(await find("")).toEqual([b.id, a.id]);
    expect(await find("event=test/other")).toEqual([b.id]);
    expect(await find("code=provider_rejected")).toEqual([a.id]);
    expect(await find("fingerprint=fb")).toEqual([b.id]);
    expect(await find("status=ignored")).toEqual([]);
    expect(await find("to=2020-01-01T00:00:00Z")).toEqual([]);
  });

  test("200: dead letters can be filtered by job and by time of failure", async () => {
    const jobId = randomUUID();
    await insertJob(database.sql, {
      id: jobId,
      requester: "key:ann",
      functionId: "plan",
      event: "test/plan",
    });
    const old = await letter({ functionId: "dated", parentJobId: jobId });
    const young = await letter({ functionId: "dated" });
    await database.sql.query("update dead_letter_queue set failed_at = '2025-03-01' where id = $1", [old.id]);
    const find = async (query: string) =>
      idsOf((await site.call("GET", `/api/dead-letters?${query}`, { as: "admin" })).body);
    expect(await find(`job=${jobId}`)).toEqual([old.id]);
    expect(await find("function=dated&from=2025-03-01T00:00:00Z")).toEqual([young.id, old.id]);
    expect(await find("function=dated&from=2025-03-01T00:00:00.001Z")).toEqual([young.id]);
    expect(await find("function=dated&to=2025-03-01T00:00:00Z")).toEqual([]);
  });

  test("200: pages list each dead letter once, even those that failed at the same moment", async () => {
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push((await letter({ functionId: "paged" })).id);
    await database.sql.query(
      "update dead_letter_queue set failed_at = '2025-04-01' where function_id = 'paged'",
    );
    const pages: string[][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const path = `/api/dead-letters?function=paged&limit=2${cursor && `&cursor=${cursor}`}`;
      const { body }: Awaited<ReturnType<typeof site.call>> = await site.call("GET", path, { as: "admin" });
      pages.push(idsOf(body));
      cursor = body.nextCursor;
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(ids.toSorted().toReversed());
  });

  test("400: an unknown status is refused", async () => {
    expect((await site.call("GET", "/api/dead-letters?status=open", { as: "admin" })).status).toBe(400);
  });
});

describe("GET /api/dead-letters/:id", () => {
  test("200: an administrator sees the whole dead letter, without redaction", async () => {
    const { id, runId } = await letter();
    expect((await site.call("GET", `/api/dead-letters/${id}`, { as: "admin" })).body).toMatchObject({
      id,
      runId,
      status: "failed",
      event: { name: "test/order.paid", data: { email: "ada@example.com" } },
      error: { code: "provider_rejected", message: "no lorry", stack: "at x" },
      attempts: 6,
    });
  });

  test('S4-40: 404: an unknown dead letter is answered with "DLQ item not found"', async () => {
    expect((await site.call("GET", `/api/dead-letters/${randomUUID()}`, { as: "admin" })).body).toMatchObject(
      {
        status: 404,
        error: "DLQ item not found",
      },
    );
  });
});

describe("POST /api/dead-letters/:id/reprocess", () => {
  test("S4-40: 202: the same event is sent under a new id, and the new job is linked to the dead letter", async () => {
    const { id } = await letter();
    const { status, body, headers } = await site.call("POST", `/api/dead-letters/${id}/reprocess`, {
      as: "admin",
    });
    expect(status).toBe(202);
    expect(headers.get("location")).toBe(`/api/jobs/${body.jobId}`);
    expect(sent.filter((event) => event.id === body.jobId)).toMatchObject([
      { name: "test/order.paid", data: { orderId: "1", email: "ada@example.com" } },
    ]);
    expect((await site.call("GET", `/api/jobs/${body.jobId}`, { as: "admin" })).body).toMatchObject({
      status: "queued",
      sentAt: expect.any(String),
      links: { reprocessOf: `/api/dead-letters/${id}` },
    });
  });

  test("409: a dead letter that was already handled says who handled it and when", async () => {
    const { id } = await letter();
    await site.call("POST", `/api/dead-letters/${id}/ignore`, { as: "admin", body: { note: "test order" } });
    expect(
      (await site.call("POST", `/api/dead-letters/${id}/reprocess`, { as: "admin" })).body,
    ).toMatchObject({
      status: 409,
      code: "already_handled",
      detail: expect.stringMatching(/^Already ignored by key:\w+ at 20\d\d-\d\d-\d\dT[\d:]+Z$/),
    });
  });

  test("409: the failed run of a schedule cannot be reprocessed, because its next run comes by itself", async () => {
    const { id } = await letter({ eventName: "inngest/scheduled.timer" });
    expect((await site.call("POST", `/api/dead-letters/${id}/reprocess`, { as: "admin" })).body.code).toBe(
      "conflict",
    );
  });

  test("404: an unknown dead letter", async () => {
    const { status } = await site.call("POST", `/api/dead-letters/${randomUUID()}/reprocess`, {
      as: "admin",
    });
    expect(status).toBe(404);
  });
});

describe("POST /api/dead-letters/:id/ignore", () => {
  test("S4-41: 200: the dead letter is ignored, with the given reason as its note", async () => {
    const { id } = await letter();
    const { status, body } = await site.call("POST", `/api/dead-letters/${id}/ignore`, {
      as: "admin",
      body: { note: "test order" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "ignored",
      note: "test order",
      handledBy: expect.stringMatching(/^key:/),
    });
  });

  test.each([[{}], [{ note: "" }], [{ note: "   " }], [{ note: 1 }]])(
    "400: %j contains no reason",
    async (body) => {
      const { id } = await letter();
      expect((await site.call("POST", `/api/dead-letters/${id}/ignore`, { as: "admin", body })).status).toBe(
        400,
      );
    },
  );

  test("409: a dead letter cannot be ignored twice", async () => {
    const { id } = await letter();
    const ignore = () =>
      site.call("POST", `/api/dead-letters/${id}/ignore`, { as: "admin", body: { note: "x" } });
    await ignore();
    expect((await ignore()).body.code).toBe("already_handled");
  });
});
