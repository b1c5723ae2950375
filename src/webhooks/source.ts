import { z } from "zod";
import type { Env } from "#lib/env.ts";
import type { Scheme } from "#lib/outside/signature.ts";
import { unreadableError } from "#lib/outside/unreadable-error.ts";
import { storableId } from "#lib/storable.ts";

/** The fields of a webhook that the inbox stores in addition to the webhook's bytes. */
export type Envelope = {
  /** The provider's id of this event. A second webhook with the same id is a duplicate. */
  externalId: string;
  type: string;
  /** The object that the event is about. Webhooks of one object are handled one after the other. */
  objectKey: string;
  /** When the event happened, by the provider's clock. */
  occurredAt: Date | undefined;
};

/** GitHub's largest webhooks have 25 MB; Netlify passes at most 6 MB to a function. */
export const MAX_BYTES = 5 * 1024 * 1024;

/** A source of webhooks. To add one, write a file like `sources/resend.ts` and list it in `sources.ts`. */
export type Source = {
  /** The address of the source is `/api/webhooks/<name>`. */
  name: string;
  scheme: Scheme;
  secrets: (env: Env) => readonly string[];
  /** The headers that are stored with the body. */
  headers: readonly string[];
  /** The types that are handled. Webhooks of other types are stored as ignored. */
  types: readonly string[];
  /**
   * The provider sends the id of the event in a header that is not signed. An attacker could send recorded bytes again
   * under another id, so the bytes are compared too.
   */
  idIsUnsigned?: boolean;
  read: (body: unknown, headers: Headers) => Envelope;
};

/** A name or id that a provider chose. */
export const foreignName = z.string().min(1).max(2000).transform(storableId);

/**
 * Parses the fields that every webhook of this source has. Throws `invalid_request` when they are missing, because the
 * same bytes can never be read.
 */
export function parseEnvelope<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadableError("The webhook", parsed.error);
}
