import type { z } from "zod";
import { parseJson } from "#lib/http/json.ts";
import { unreadableError } from "#lib/outside/unreadable-error.ts";
import type { Verdict, Webhook } from "#webhooks/repository.ts";

export type Handled = {
  verdict: Verdict;
  /**
   * Whether the object was read from the provider. If it was, all webhooks of the object that arrived before count as
   * handled.
   */
  isPresentState?: boolean;
};

/**
 * Applies the webhooks of one source. A handler may be called again with the same webhook, and webhooks may come in any
 * order: in the end the rows must be the same.
 */
export type Handler = (webhook: Webhook) => Promise<Handled>;

/** The parsed body. Unknown fields are accepted, because handlers' schemas are loose. A missing field is an error. */
export function parsePayload<T>({ type, body }: Webhook, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw unreadableError(`The webhook ${type}`, parsed.error);
}
