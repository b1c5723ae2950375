/** An app on the test kit: in this process, on a virtual clock. */

import { type StartEngine, startEngine, type TestEngine } from "@nightshift/local/engine/testkit.ts";
import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import type { Checkpointing, Client } from "./app.ts";

const silent = { info() {}, warn() {}, error() {}, debug() {} };

export type KitApp = { engine: TestEngine; inngest: Client };

export async function startKitApp(
  functions: (inngest: Client) => object[],
  {
    client = true,
    optimizeParallelism = true,
    ...options
  }: Omit<StartEngine, "app"> & { client?: Checkpointing; optimizeParallelism?: boolean } = {},
): Promise<KitApp> {
  let handler: (request: Request) => Promise<Response> = () => Promise.reject(new Error("not served yet"));
  const engine = await startEngine({ app: (request) => handler(request), ...options });
  const inngest: Client = new Inngest({
    id: "app",
    isDev: true,
    baseUrl: engine.url,
    fetch: engine.fetch,
    logger: silent,
    checkpointing: client,
    optimizeParallelism,
  });
  handler = serve({ client: inngest, functions: functions(inngest) as InngestFunction.Any[] });
  return { engine, inngest };
}
