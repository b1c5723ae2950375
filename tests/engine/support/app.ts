/**
 * A small Inngest app on a port of its own. Every app has a fresh id and fresh event names, so that tests share one
 * server (even a real one that remembers earlier runs) without meeting each other.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { eventType, Inngest, type InngestFunction, staticSchema } from "inngest";
import { serve } from "inngest/edge";
import { EngineClient, type EventInput } from "./engine-client.ts";
import { type Outcome, Outcomes } from "./outcomes.ts";

export type Checkpointing = NonNullable<ConstructorParameters<typeof Inngest>[0]["checkpointing"]>;

/** Every field that an event of the suite may carry; which ones it does, the test says that sends it. */
export type Payload = {
  n: number;
  who: string;
  user: string;
  order: number;
  holds: boolean;
  list: string;
  x: string;
};

/** A client whose handlers are typed: a bare `Inngest` would make every step `any`. */
export type Client = Inngest<{ id: string }>;

const typed = (name: string) => eventType(name, { schema: staticSchema<Payload>() });

export type Building = {
  inngest: Client;
  /** This app's own event: `on("paid")` is named `suite-1f3a/paid`. */
  on: (event: string) => ReturnType<typeof typed>;
};

/** `object[]` and not `InngestFunction.Any[]`: as the expected type that would make every handler's arguments `any`. */
export type Functions = (app: Building) => object[];

export type TestApp = {
  id: string;
  inngest: Client;
  /** Where the functions are served. */
  url: string;
  engine: EngineClient;
  /** The full name of one of this app's events. */
  name: (event: string) => string;
  /** Sends one of this app's events; the id is the one the engine gave it. */
  send: (event: string, data?: Record<string, unknown>, more?: Partial<EventInput>) => Promise<string>;
  /** How the run of this event ended, by the engine's own `inngest/function.finished`. */
  outcome(eventId: string, functionId?: string): Promise<Outcome>;
  outcomes: Outcomes;
  /** Replaces the functions and registers again, as a deploy does. */
  deploy: (functions: Functions) => Promise<void>;
  close(): Promise<void>;
};

export type AppOptions = {
  checkpointing?: Checkpointing;
  /** Runs before every request from the engine: return a response to answer in the functions' place. */
  intercept?: (request: Request) => Promise<Response | undefined> | Response | undefined;
  /** Runs when a request from the engine has been answered. */
  answered?: (request: Request) => void;
  client?: Partial<ConstructorParameters<typeof Inngest>[0]>;
};

const silent = { info() {}, warn() {}, error() {}, debug() {} };

export async function startApp(
  engineUrl: string,
  functions: Functions,
  { checkpointing, intercept, answered, client }: AppOptions = {},
): Promise<TestApp> {
  const id = `suite-${randomUUID().slice(0, 8)}`;
  const name = (event: string) => `${id}/${event}`;
  const on = (event: string) => typed(name(event));
  const inngest: Client = new Inngest({
    id,
    isDev: true,
    baseUrl: engineUrl,
    logger: silent,
    ...(checkpointing === undefined ? {} : { checkpointing }),
    ...client,
  });
  const outcomes = new Outcomes(id);
  const handlerOf = (build: Functions) =>
    serve({
      client: inngest,
      functions: [...(build({ inngest, on }) as InngestFunction.Any[]), outcomes.observer(inngest)],
    });
  let handler = handlerOf(functions);

  const answer = async (request: Request) => {
    try {
      return (await intercept?.(request)) ?? (await handler(request));
    } finally {
      answered?.(request);
    }
  };
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/inngest`;

  const register = async () => {
    const response = await fetch(url, { method: "PUT" });
    if (!response.ok)
      throw new Error(`the engine refused ${id}: ${response.status} ${await response.text()}`);
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
    name,
    send: (event, data = {}, more = {}) => engine.send({ name: name(event), data, ...more }),
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
