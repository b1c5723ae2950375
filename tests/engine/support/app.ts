/**
 * A small Inngest app on its own port. Every app has a new id and new event names, so that tests can share one server
 * (even a real one that remembers earlier runs) without affecting each other.
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

/** Every field that an event of the suite may have; the sending test chooses. */
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

/**
 * `object[]` and not `InngestFunction.Any[]`, which as the expected type would make every handler's arguments `any`.
 */
export type Functions = (app: Building) => object[];

export type TestApp = {
  id: string;
  inngest: Client;
  /** The URL that serves the functions. */
  url: string;
  engine: EngineClient;
  /** The full name of one of this app's events. */
  name: (event: string) => string;
  /** Sends one of this app's events; returns the engine's id. */
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
  /** Called before every request from the engine; a returned response replaces the functions' answer. */
  intercept?: (request: Request) => Promise<Response | undefined> | Response | undefined;
  /** Called when a request from the engine has been answered. */
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
