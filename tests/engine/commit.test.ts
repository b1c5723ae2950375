/** Nothing leaves the engine before its cause is committed, and an answer that comes too late changes nothing. */
import { createApi } from "@nightshift/local/engine/api.ts";
import { realClock } from "@nightshift/local/engine/clock.ts";
import { Engine } from "@nightshift/local/engine/engine.ts";
import type { AppRequest } from "@nightshift/local/engine/transport.ts";
import { Inngest } from "inngest";
import { serve } from "inngest/edge";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "./support/wait.ts";

const silent = { info() {}, warn() {}, error() {}, debug() {} };
const ENGINE = "http://engine.local";
const APP = "http://app.local/api/inngest";

/** A store whose commits wait until they are released. */
function gatedStore() {
  let open = true;
  let broken = false;
  let waiting: (() => void)[] = [];
  return {
    load: async () => ({ events: [], runs: [], notes: [], apps: [] }),
    break: (isBroken: boolean) => {
      broken = isBroken;
    },
    commit: () =>
      broken
        ? Promise.reject(new Error("disk full"))
        : open
          ? Promise.resolve()
          : new Promise<void>((resolve) => waiting.push(resolve)),
    close: async () => {},
    shut: () => {
      open = false;
    },
    /** Lets the waiting commits pass; later ones wait again. */
    release: () => {
      for (const go of waiting) go();
      waiting = [];
    },
    open: () => {
      open = true;
    },
    waiting: () => waiting.length,
  };
}

let store: ReturnType<typeof gatedStore>;
let engine: Engine;
let clock: ReturnType<typeof realClock>;
let toEngine: (path: string, init?: RequestInit) => Promise<Response>;
let calls: AppRequest[];
let send: (name?: string) => Promise<Response>;
/** Lets the step of the function "held" end. */
let letGo: () => void;

beforeEach(async () => {
  calls = [];
  store = gatedStore();
  clock = realClock();
  let handler: (request: Request) => Promise<Response> = () => Promise.reject(new Error("not served"));
  engine = new Engine({
    clock,
    store,
    retryIntervalMs: 1000,
    transport: async (request) => {
      if (request.method === "POST") calls.push(request);
      const { url, method, headers, body } = request;
      const response = await handler(
        new Request(url, { method, headers: { ...headers, host: "app.local" }, body }),
      );
      return {
        status: response.status,
        header: (name) => response.headers.get(name) ?? undefined,
        body: await response.text(),
      };
    },
  });
  const api = createApi(engine);
  toEngine = async (path, init) => api.fetch(new Request(`${ENGINE}${path}`, init));
  const inngest = new Inngest({
    id: "app",
    isDev: true,
    baseUrl: ENGINE,
    logger: silent,
    fetch: (input: string | URL | Request, init?: RequestInit) =>
      Promise.resolve(api.fetch(new Request(input, init))),
  });
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  handler = serve({
    client: inngest,
    functions: [
      inngest.createFunction({ id: "held", retries: 0, triggers: [{ event: "hold" }] }, ({ step }) =>
        step.run("hold", () => held),
      ),
      inngest.createFunction({ id: "two", retries: 0, triggers: [{ event: "go" }] }, async ({ step }) => {
        await step.run("one", () => "one");
        await step.sleep("nap", "1s");
        return step.run("two", () => "two");
      }),
    ],
  });
  await engine.apps.sync(APP);
  send = (name = "go") => toEngine("/e/key", { method: "POST", body: JSON.stringify({ name, data: {} }) });
});

afterEach(async () => {
  letGo();
  store.open();
  store.release();
  clock.stop();
  await engine.stop();
});

/** Whether the promise is resolved after all other work of the engine has ended. */
async function isAnswered(promise: Promise<unknown>): Promise<boolean> {
  let answered = false;
  void promise.then(() => {
    answered = true;
  });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  return answered;
}

const callOf = (request: AppRequest | undefined) =>
  JSON.parse(request?.body ?? "{}") as { ctx: { run_id: string; qi_id: string }; steps: object };

test("an event is acknowledged only after it is committed", async () => {
  store.shut();
  const answer = send();
  expect(await isAnswered(answer)).toBe(false);
  store.open();
  store.release();
  expect((await answer).status).toBe(200);
});

test("the app is called only after the cause of the call is committed", async () => {
  store.shut();
  const answer = send();
  await isAnswered(answer);
  expect(calls).toHaveLength(0);
  store.open();
  store.release();
  await eventually("the first call", () => calls.length > 0);
});

test("a checkpoint is acknowledged only after it is committed, and one of an older dispatch is refused", async () => {
  await send("hold");
  await eventually("the first call", () => calls.length > 0);
  const [first] = calls;
  const { run_id: runId, qi_id: jobKey } = callOf(first).ctx;
  const generation = Number(first?.headers["x-inngest-generation-id"]);
  const save = (generationId: number) =>
    toEngine(`/v1/checkpoint/${runId}/async`, {
      method: "POST",
      body: JSON.stringify({
        run_id: runId,
        fn_id: "any",
        qi_id: jobKey,
        generation_id: generationId,
        steps: [{ id: "0".repeat(40), op: "StepRun", data: "late" }],
        ts: Date.now(),
      }),
    });
  const stale = await save(generation - 1);
  expect(stale.status).toBe(409);
  store.shut();
  const answer = save(generation);
  expect(await isAnswered(answer)).toBe(false);
  store.open();
  store.release();
  expect((await answer).status).toBe(200);
});

test("a checkpoint of a run that has ended is refused", async () => {
  const { ids } = (await (await send()).json()) as { ids: string[] };
  await eventually("the run completed", () =>
    [...engine.history.runs.values()].some((run) => run.eventIds[0] === ids[0] && run.status === "Completed"),
  );
  const { run_id: runId, qi_id: jobKey } = callOf(calls[0]).ctx;
  const late = await toEngine(`/v1/checkpoint/${runId}/async`, {
    method: "POST",
    body: JSON.stringify({
      run_id: runId,
      fn_id: "any",
      qi_id: jobKey,
      generation_id: 1,
      steps: [],
      ts: Date.now(),
    }),
  });
  expect(late.status).toBe(409);
});

test("a failed commit fails the requests that wait for it, and its runs go on when the store works again", async () => {
  await send("hold");
  await eventually("the first call", () => calls.length > 0);
  store.break(true);
  expect((await send()).status).toBe(500);
  letGo();
  await eventually("the answer has come", () =>
    [...engine.history.runs.values()].some((run) => run.stack.length > 0),
  );
  expect((await send()).status).toBe(500);
  store.break(false);
  expect((await send()).status).toBe(200);
  await eventually("all three runs completed", () => {
    const statuses = [...engine.history.runs.values()].map(({ status }) => status);
    return statuses.length === 4 && statuses.every((status) => status === "Completed");
  });
});
