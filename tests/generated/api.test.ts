/**
 * Requests generated from the product's own OpenAPI document, valid and hostile, against the whole app on real
 * Postgres. GENERATED_REQUESTS sets their number, GENERATED_SEED which ones.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { BROADCAST_ENV } from "../support/broadcast.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { seeded } from "./random.ts";
import { type Generated, generate, type OpenApi, operationsOf } from "./requests.ts";
import type { Known } from "./values.ts";

const REQUESTS = Number(process.env["GENERATED_REQUESTS"] ?? 3000);
const SEED = Number(process.env["GENERATED_SEED"] ?? 1);
/** Each walker sends its own requests one after the other, so that its seed alone decides what it does. */
const WALKERS = 4;

let database: TestDatabase;
let site: TestApp;
const logged: string[] = [];
const healthMs: number[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, {
    env: { LOG_LEVEL: "error", ...BROADCAST_ENV },
    log: { write: (line) => void logged.push(line) },
    // The engine accepts every event and does nothing.
    outside: async () => Response.json({ ids: ["e"], status: 200 }),
  });
});
afterAll(() => database.close());

test(
  `${REQUESTS} random requests of seed ${SEED} never get 500, and always a documented response`,
  async () => {
    const { body } = await site.call("GET", "/api/openapi.json");
    const byStatus = new Map<number, number>();
    const walks = Array.from({ length: WALKERS }, (_, walker) => walk(body, walker, byStatus));
    const complaints = (await Promise.all(walks)).flat();
    if (process.env["GENERATED_REQUESTS"]) process.stdout.write(figures(byStatus));
    expect(complaints.slice(0, 5), `GENERATED_SEED=${SEED}`).toEqual([]);
    // All operations are picked equally often, so each further one leaves fewer requests to those that accept work.
    expect(byStatus.get(202) ?? 0).toBeGreaterThan(REQUESTS / 200);
    expect(byStatus.get(200) ?? 0).toBeGreaterThan(REQUESTS / 20);
  },
  REQUESTS * 200,
);

/** For the route that revokes keys: if it revoked our own key, every further request would be answered with 401. */
const NOTHING_KNOWN: Known = new Map();

async function walk(document: OpenApi, walker: number, byStatus: Map<number, number>): Promise<unknown[]> {
  const random = seeded(SEED * 1000 + walker);
  const known: Known = new Map();
  const operations = operationsOf(document).filter(({ path }) => path !== "/api/openapi.json");
  const complaints: unknown[] = [];
  for (let n = 0; n < REQUESTS / WALKERS; n++) {
    const operation = random.pick(operations);
    const request = generate(operation, random, operation.path === "/api/keys/{id}" ? NOTHING_KNOWN : known);
    const response = await site.app.doors.api(toRequest(request));
    byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1);
    const text = await textOf(response);
    const wrong = wrongWith(request, response, text);
    if (wrong !== undefined)
      complaints.push({
        wrong,
        walker,
        n,
        ...printable(request),
        answer: text.slice(0, 500),
        log: logged.at(-1)?.slice(0, 1500),
      });
    if (response.ok && isJson(response)) remember(JSON.parse(text || "null"), known);
    if (n % 25 === 0) await checkHealth();
  }
  return complaints;
}

function wrongWith({ operation }: Generated, response: Response, text: string): string | undefined {
  const { status } = response;
  const documented = operation.responses[status];
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (status === 500) return "500";
  if (status < 400) {
    if (documented === undefined) return `${status} is not documented`;
    return status === 204 || type in (documented.content ?? {}) ? undefined : `${type} is not documented`;
  }
  if (documented === undefined && operation.responses["default"] === undefined)
    return `${status} is not documented`;
  // A page for people answers an error that it documents as a page, too.
  if (documented !== undefined && type === "text/html" && type in (documented.content ?? {}))
    return undefined;
  if (type !== "application/problem+json") return `an error as ${type}`;
  const problem: Record<string, unknown> = JSON.parse(text);
  const isWhole = ["type", "title", "detail", "code", "hint"].every(
    (field) => typeof problem[field] === "string" && problem[field] !== "",
  );
  if (!isWhole || problem["status"] !== status) return "a problem without its fields";
  return text.length > 20_000 ? "a problem of more than 20 KB" : undefined;
}

/** A stream ends when its body is not read; its first bytes are enough. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get("content-type") !== "text/event-stream") return response.text();
  await response.body?.cancel();
  return "";
}

async function checkHealth(): Promise<void> {
  const startedMs = performance.now();
  // As for a request from outside, which waits while the event loop is blocked.
  await nextTurn();
  const { status } = await site.call("GET", "/api/health");
  healthMs.push(performance.now() - startedMs);
  expect(status).toBe(200);
}

const isJson = (response: Response): boolean => response.headers.get("content-type") === "application/json";

const toRequest = ({ operation, url, as, headers, body }: Generated): Request =>
  new Request(url, {
    method: operation.method,
    headers: {
      ...headers,
      ...(as === "nobody" ? {} : { authorization: `Bearer ${as === "stranger" ? "ns_x_y" : site.keys[as]}` }),
    },
    ...(body === undefined ? {} : { body }),
  });

const printable = ({ operation, as, url, headers, body }: Generated) => ({
  request: `${operation.method} ${url}`,
  as,
  headers,
  body: typeof body === "string" ? body.slice(0, 2000) : body && `${body.byteLength} bytes`,
});

const MOST_REMEMBERED = 50;

/** Remembers the newest values of each field of an answer. */
function remember(value: unknown, known: Known): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "object") remember(member, known);
    else if (/^(id|nextCursor|lane|kind|function|\w+Id)$/.test(name)) {
      known.set(name, [member, ...(known.get(name) ?? [])].slice(0, MOST_REMEMBERED));
    }
  }
}

function figures(byStatus: Map<number, number>): string {
  const sorted = healthMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
  return `${JSON.stringify({
    requests: REQUESTS,
    seed: SEED,
    byStatus: Object.fromEntries([...byStatus].toSorted(([a], [b]) => a - b)),
    healthMs: { p50: at(0.5), p99: at(0.99), most: at(0.9999) },
  })}\n`;
}
