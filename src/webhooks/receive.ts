import { createHash, randomUUID } from "node:crypto";
import type { Outbox } from "#jobs/outbox.ts";
import { request } from "#jobs/request.ts";
import type { Clock } from "#lib/clock.ts";
import type { Env } from "#lib/env.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import { parseJson } from "#lib/http/json.ts";
import type { Requester } from "#lib/http/route.ts";
import type { Logger } from "#lib/logger.ts";
import { refusalOf } from "#lib/outside/signature.ts";
import { webhookReceived } from "#webhooks/events.ts";
import type { Arrival, WebhookRepository } from "#webhooks/repository.ts";
import type { Source } from "#webhooks/source.ts";
import { createStoreTogether } from "#webhooks/store-together.ts";

type Dependencies = {
  env: Env;
  clock: Clock;
  logger: Logger;
  outbox: Pick<Outbox, "sendTogether">;
  webhooks: Pick<WebhookRepository, "receive" | "countRefusal">;
};

/**
 * Verifies a webhook's raw bytes, then stores the webhook and accepts its job in one statement. So a webhook that is
 * acknowledged is never lost. Returns a function that sends the job to the engine; when that fails, housekeeping sends
 * the job.
 */
export function createReceive({ env, clock, logger, outbox, webhooks }: Dependencies) {
  const store = createStoreTogether(webhooks);
  return receive;

  async function receive(source: Source, headers: Headers, bytes: Uint8Array): Promise<() => Promise<void>> {
    const secrets = source.secrets(env);
    if (secrets.length === 0) throw new AppError("not_configured", `No secret is set for ${source.name}`);
    const refusal = refusalOf(source.scheme, { headers, body: bytes, secrets, now: clock.now() });
    if (refusal !== undefined) {
      logger.warn({ source: source.name, refusal }, "webhook refused");
      await webhooks.countRefusal(source.name, refusal);
      throw new AppError("invalid_signature", "The signature does not verify");
    }
    const job = await store(await readable(source, headers, bytes));
    return async () => {
      if (job !== undefined) await outbox.sendTogether(job);
    };
  }

  /** Refuses a signed body that cannot be parsed, and stores it for an operator. */
  async function readable(source: Source, headers: Headers, bytes: Uint8Array): Promise<Arrival> {
    try {
      return toInbox(source, headers, bytes);
    } catch (error) {
      logger.warn({ source: source.name, code: codeOf(error) }, "webhook is unreadable");
      await store({ webhook: unreadable(source, headers, bytes), request: null });
      throw error;
    }
  }
}

/** The row of the inbox and the request for its job. */
export function toInbox(source: Source, headers: Headers, bytes: Uint8Array): Arrival {
  const body = decode(bytes);
  const { externalId, type, objectKey, occurredAt } = source.read(parseJson(body), headers);
  const id = randomUUID();
  const isHandled = source.types.includes(type);
  const webhook = {
    id,
    source: source.name,
    externalId,
    type,
    objectKey,
    occurredAt: occurredAt?.toISOString() ?? null,
    headers: headersOf(source, headers),
    body,
    bodySha256: source.idIsUnsigned === true ? createHash("sha256").update(bytes).digest("hex") : null,
  };
  const data = { webhookId: id, objectKey };
  const wanted = isHandled
    ? request(webhookReceived, data, { requester: senderOf(source), key: undefined, id })
    : null;
  return { webhook, request: wanted };
}

/**
 * The row of a webhook that cannot be parsed. Its body is escaped, because Postgres cannot store every byte as text. The
 * same bytes give one row.
 */
const unreadable = (source: Source, headers: Headers, bytes: Uint8Array) => ({
  id: randomUUID(),
  source: source.name,
  externalId: `unreadable:${createHash("sha256").update(bytes).digest("hex")}`,
  type: "unreadable",
  objectKey: `${source.name}:unreadable`,
  occurredAt: null,
  headers: headersOf(source, headers),
  body: escaped(bytes),
  bodySha256: null,
  verdict: "unreadable",
});

/**
 * Bytes in Postgres's format `escape`: ASCII stays as it is, so that an operator can read the text and an erasure finds
 * an address; NUL and bytes above 127 are a backslash and three octal digits. `decode(body, 'escape')` gives the bytes.
 */
const escaped = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("latin1")
    .replaceAll("\\", "\\\\")
    .replaceAll(/[\0\u0080-\u00ff]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`);

const headersOf = (source: Source, headers: Headers) =>
  Object.fromEntries(
    source.headers.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : [])),
  );

/** Jobs of webhooks belong to the application, not to a user. */
const senderOf = ({ name }: Source): Requester => ({ id: `webhook:${name}`, role: "app", owner: "webhooks" });

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new AppError("invalid_encoding", "The body is not valid UTF-8", { cause });
  }
}
