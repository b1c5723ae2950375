import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { eventType, Inngest, staticSchema } from "inngest";
import { serve } from "inngest/edge";

const STEPS = [0, 1, 10] as const;
const silent = { info() {}, warn() {}, error() {}, debug() {} };
const numbered = (name: string) => eventType(name, { schema: staticSchema<{ n: number }>() });

/**
 * The app answers calls of two functions with a prepared text in the SDK's format, which costs almost no CPU. The SDK
 * would take 2-3 ms for each of 100,000 runs, and that time would hide the engine's share.
 */
const longSleep = [{ op: "Sleep", id: createHash("sha1").update("long").digest("hex"), name: "30d" }];
const plainAnswers = new Map([
  ["bench-plain", { status: 200, body: "null" }],
  ["bench-sleeper", { status: 206, body: JSON.stringify(longSleep) }],
]);

export type BenchApp = Awaited<ReturnType<typeof startApp>>;

/**
 * An app with functions of 0, 1 and 10 steps that use the real SDK, and two functions that do not use the SDK.
 * `ended(n)` resolves when the run of event number n has ended.
 */
export async function startApp(engineUrl: string) {
  const inngest = new Inngest({ id: "bench", isDev: true, baseUrl: engineUrl, logger: silent });
  const returned: number[] = [];
  const waiting = new Map<number, () => void>();
  const seen = { plain: 0, lastCallAt: performance.now() };
  /** A recorded request of the engine. Repeating it measures the app without the engine. */
  let sample: { url: string; body: string } | undefined;

  const stepFunctions = STEPS.map((steps) =>
    inngest.createFunction(
      { id: `steps-${steps}`, retries: 0, triggers: [numbered(`steps-${steps}`)] },
      async ({ event, step }) => {
        for (let n = 0; n < steps; n++) await step.run(`step-${n}`, () => n);
        returned.push(event.data.n);
      },
    ),
  );
  const plainFunctions = ["plain", "sleeper"].map((id) =>
    inngest.createFunction({ id, retries: 0, triggers: [numbered(id)] }, () => Promise.resolve()),
  );
  const handler = serve({ client: inngest, functions: [...stepFunctions, ...plainFunctions] });
  const listener = getRequestListener(
    async (request) => {
      if (sample === undefined && request.url.includes("steps-0"))
        sample = { url: request.url, body: await request.clone().text() };
      const response = await handler(request);
      for (const n of returned.splice(0)) {
        waiting.get(n)?.();
        waiting.delete(n);
      }
      return response;
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer((request, response) => {
    seen.lastCallAt = performance.now();
    const plain = plainAnswers.get(/fnId=([^&]+)/.exec(request.url ?? "")?.[1] ?? "");
    if (plain === undefined) {
      void listener(request, response);
      return;
    }
    seen.plain += 1;
    request.resume();
    response.writeHead(plain.status, { "x-inngest-sdk": "js:bench", "x-inngest-req-version": "2" });
    response.end(plain.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}/api/inngest`,
    /** The number of calls that were answered without the SDK, and the time of the last call of any kind. */
    seen,
    sample: () => {
      if (sample === undefined) throw new Error("no call was seen yet");
      return sample;
    },
    /** Resolves when the run of event number `n` has ended. */
    ended: (n: number) => new Promise<void>((resolve) => waiting.set(n, resolve)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
