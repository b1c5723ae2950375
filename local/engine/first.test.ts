import { Inngest } from "inngest";
import { serve } from "inngest/edge";
import { expect, test } from "vitest";
import { startEngine } from "./testkit.ts";

const silent = { info() {}, warn() {}, error() {}, debug() {} };

async function start(checkpointing: boolean) {
  let handler: (request: Request) => Promise<Response> = async () => new Response();
  const engine = await startEngine({ app: (request) => handler(request), checkpointing });
  const inngest = new Inngest({
    id: "app",
    fetch: engine.fetch,
    isDev: true,
    baseUrl: engine.url,
    logger: silent,
  });
  const log: string[] = [];
  const fns = [
    inngest.createFunction(
      { id: "seq", triggers: [{ event: "seq" }], retries: 2 },
      async ({ event, step }) => {
        const a = await step.run("a", () => 1);
        await step.sleep("nap", "3d");
        const [b, c] = await Promise.all([step.run("b", () => 2), step.run("c", () => 3)]);
        await step.sendEvent("tell", { name: "told", data: { id: event.data["x"] } });
        return a + b + c;
      },
    ),
    inngest.createFunction(
      { id: "told", triggers: [{ event: "told" }], retries: 0 },
      async ({ event }) => event.data,
    ),
    inngest.createFunction(
      {
        id: "fail",
        triggers: [{ event: "fail" }],
        retries: 2,
        onFailure: async ({ event, error }) => {
          log.push(`failed ${event.data.run_id} ${error.message}`);
        },
      },
      async ({ step, attempt }) => {
        await step.run("x", () => {
          log.push(`try ${attempt}`);
          throw new Error("boom");
        });
      },
    ),
    inngest.createFunction(
      {
        id: "wait",
        triggers: [{ event: "wait" }],
        retries: 0,
        cancelOn: [{ event: "stop", match: "data.id" }],
      },
      async ({ step }) => {
        const got = await step.waitForEvent("w", { event: "go", match: "data.id", timeout: "1h" });
        return got?.data ?? "timeout";
      },
    ),
    inngest.createFunction(
      { id: "cron", triggers: [{ cron: "TZ=Europe/Berlin 0 3 * * *" }], retries: 0 },
      async () => {
        log.push("tick");
      },
    ),
    inngest.createFunction({ id: "parent", triggers: [{ event: "parent" }], retries: 0 }, async ({ step }) =>
      step.invoke("i", { function: child, data: { n: 2 } }),
    ),
  ];
  const child = inngest.createFunction(
    { id: "child", triggers: [{ event: "child" }], retries: 0 },
    async ({ event }) => ({ twice: (event.data as any).n * 2 }),
  );
  handler = serve({ client: inngest, functions: [...fns, child] });
  return { engine, inngest, log };
}

test.each([true, false])("core, checkpointing %s", async (checkpointing) => {
  const { engine, inngest, log } = await start(checkpointing);
  const { ids } = await inngest.send({ name: "seq", data: { x: 1 } });
  await engine.idle();
  expect(engine.runs("seq")[0]?.status).toBe("Running");
  await engine.advance("2d");
  expect(engine.runs("seq")[0]?.status).toBe("Running");
  expect(log.filter((x) => x === "tick").length).toBe(2);
  await engine.advance("1d");
  const run = await engine.run(ids[0]!, "seq");
  expect(run.status).toBe("Completed");
  expect(run.output).toBe(6);
  expect(engine.runs("told")[0]?.output).toEqual({ id: 1 });
  const [f] = await engine.send({ name: "fail" });
  const failed = await engine.run(f!, "fail");
  expect(failed.status).toBe("Failed");
  await engine.idle();
  expect(log.filter((x) => x.startsWith("try"))).toEqual(["try 0", "try 1", "try 2"]);
  expect(log.some((x) => x.startsWith(`failed ${failed.id} boom`))).toBe(true);
  const [w] = await engine.send({ name: "wait", data: { id: 7 } });
  await engine.idle();
  await engine.send({ name: "go", data: { id: 8 } });
  await engine.idle();
  expect(engine.runs("wait")[0]?.status).toBe("Running");
  await engine.send({ name: "go", data: { id: 7 } });
  expect((await engine.run(w!)).output).toEqual({ id: 7 });
  const [w2] = await engine.send({ name: "wait", data: { id: 9 } });
  await engine.idle();
  await engine.send({ name: "stop", data: { id: 9 } });
  expect((await engine.run(w2!)).status).toBe("Cancelled");
  const [w3] = await engine.send({ name: "wait", data: { id: 9 } });
  expect((await engine.run(w3!)).output).toBe("timeout");
  const [p] = await engine.send({ name: "parent" });
  expect((await engine.run(p!, "parent")).output).toEqual({ twice: 4 });
  await engine.close();
});
