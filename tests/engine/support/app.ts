/**
 * A small Inngest app on a port of its own. Every app has a fresh id and fresh event names, so that tests share one
 * server (even a real one that remembers earlier runs) without meeting each other.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { EngineClient, type EventInput } from "./engine-client.ts";
import { type Outcome, Outcomes } from "./outcomes.ts";

export type Checkpointing = NonNullable<ConstructorParameters<typeof Inngest>[0]["checkpointing"]>;

export type Building = {
  inngest: Inngest.Any;
  /** This app's own name for an event: `on("paid")` is `suite-1f3a/paid`. */
  on: (event: string) => string;
};

export type TestApp = {
  id: string;
  inngest: Inngest.Any;
  /** Where the functions are served. */
  url: string;
  engine: EngineClient;
  on: (event: string) => string;
  /** Sends one of this app's events; the id is the one the engine gave it. */
  send(event: string, data?: Record<string, unknown>, more?: Partial<EventInput>): Promise<string>;
  /** How the run of this event ended, by the engine's own `inngest/function.finished`. */
  outcome(eventId: string, functionId?: string): Promise<Outcome>;
  outcomes: Outcomes;
  /** Replaces the functions and registers again, as a deploy does. */
  deploy(functions: (app: Building) => InngestFunction.Any[]): Promise<void>;
  close(): Promise<void>;
};

export type AppOptions = {
  checkpointing?: Checkpointing;
  /** Runs before every request from the engine: return a response to answer in the functions' place. */
  intercept?: (request: Request) => Promise<Response | undefined> | Response | undefined;
  client?: Partial<ConstructorParameters<typeof Inngest>[0]>;
};

const silent = { info() {}, warn() {}, error() {}, debug() {} };

export async function startApp(
  engineUrl: string,
  functions: (app: Building) => InngestFunction.Any[],
  { checkpointing, intercept, client }: AppOptions = {},
): Promise<TestApp> {
  const id = `suite-${randomUUID().slice(0, 8)}`;
  const on = (event: string) => `${id}/${event}`;
  const inngest = new Inngest({
    id,
    isDev: true,
    baseUrl: engineUrl,
    logger: silent,
    ...(checkpointing === undefined ? {} : { checkpointing }),
    ...client,
  });
  const outcomes = new Outcomes(id);
  const handlerOf = (build: typeof functions) =>
    serve({ client: inngest, functions: [...build({ inngest, on }), outcomes.observer(inngest)] });
  let handler = handlerOf(functions);

  const answer = async (request: Request) => (await intercept?.(request)) ?? handler(request);
  const server = createServer(getRequestListener(answer, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/inngest`;

  const register = async () => {
    const response = await fetch(url, { method: "PUT" });
    if (!response.ok) throw new Error(`the engine refused ${id}: ${response.status} ${await response.text()}`);
  };
  const engine = new EngineClient(engineUrl);
  try {
    await register();
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    id,
    inngest,
    url,
    engine,
    on,
    send: (event, data = {}, more = {}) => engine.send({ name: on(event), data, ...more }),
    outcome: (eventId, functionId) => outcomes.of(eventId, functionId),
    outcomes,
    deploy: async (build) => {
      handler = handlerOf(build);
      await register();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
