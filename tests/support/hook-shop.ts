import { deliveryFunctions } from "#deliveries/functions.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { type Workshop, workshop } from "./workshop.ts";

/** A request as its receiver gets it. */
export type Received = {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** How long the sender waits for the answer. */
  timeoutMs: number | undefined;
  /** The engine's time. */
  at: number;
};
export type Answer = { status?: number; headers?: Record<string, string>; body?: string };

export type HookShop = Awaited<ReturnType<typeof hookShop>>;

/** Webhook endpoints of one administrator, over a real database and engine; a function stands for all receivers. */
export async function hookShop({ env = {} }: { env?: Record<string, string> } = {}) {
  const received: Received[] = [];
  const receiver: {
    answer: (request: Received) => Answer | Promise<Answer>;
    /** Stands behind every answer; when it throws, the answer is lost. */
    answered?: () => void;
  } = { answer: () => ({}) };
  const hooks: { afterDatabase: ((path: string) => void | Promise<void>) | undefined } = {
    afterDatabase: undefined,
  };
  const safeFetch: SafeFetch = async (url, call = {}) => {
    const { headers = {}, body, timeoutMs } = call;
    const at = shop.engine.clock.now().getTime();
    const request = { url, path: new URL(url).pathname, headers, body: String(body), timeoutMs, at };
    received.push(request);
    const answer = await receiver.answer(request);
    receiver.answered?.();
    return {
      status: answer.status ?? 200,
      headers: new Headers(answer.headers),
      url,
      body: (async function* () {
        yield Buffer.from(answer.body ?? "");
      })(),
      discard: async () => {},
    };
  };
  let flush = async () => {};
  const shop: Workshop = await workshop({
    env: { PLAN: "pro", ...env },
    functions: (platform) => {
      flush = platform.outbox.flush;
      return deliveryFunctions({ ...platform, safeFetch });
    },
    afterDatabase: (path) => hooks.afterDatabase?.(path),
  });
  return {
    ...shop,
    /** `afterDatabase` stands behind every call to the database, after its effect; when it throws, the answer is lost. */
    hooks,
    received,
    receiver,
    /** Makes an endpoint; returns its view with its secret. */
    async endpoint(path = "hook", more: object = {}) {
      const url = `https://receiver.test/${path}`;
      const { status, body } = await shop.call("POST", "/api/webhook-endpoints", { url, ...more });
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body;
    },
    /** Publishes a fact of the administrator, as a room does, and sends the outbox. */
    async publish(key: string, type = "report.ready", data: object = { key }) {
      await shop.rows("select private.publish_fact($1, 'operator', $2, $3, $4)", [
        type,
        key,
        JSON.stringify(data),
        shop.engine.clock.now(),
      ]);
      await flush();
    },
    /** Sends what the outbox holds, as the application does after every statement that releases jobs. */
    flush: () => flush(),
    /** Waits until no delivery is pending. */
    settled: (within = "5d") =>
      shop.engine.waitFor(
        async () => (await shop.rows("select from webhook_deliveries where status = 'pending'")).length === 0,
        { within },
      ),
  };
}
