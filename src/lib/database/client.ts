import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { Database } from "#lib/database/database.types.ts";
import type { Env } from "#lib/env.ts";
import { AppError, type ErrorCode, isErrorCode } from "#lib/errors.ts";
import { storableBody } from "#lib/storable.ts";

export type DatabaseClient = SupabaseClient<Database>;

/**
 * We do not use Realtime, but supabase-js throws at the start when there is no global WebSocket class (Node 20). This
 * class satisfies it, and throws when it is used.
 */
class NoRealtime {
  static readonly [key: string]: unknown;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly readyState = 3;
  readonly url = "";
  readonly protocol = "";
  readonly onopen = null;
  readonly onmessage = null;
  readonly onclose = null;
  readonly onerror = null;
  constructor() {
    throw new AppError("internal", "Realtime is not used here");
  }
  close(): void {}
  send(): void {}
  addEventListener(): void {}
  removeEventListener(): void {}
}

/**
 * The limit of a request to the database, because a caller must not wait forever for an answer. Hosted Supabase ends a
 * statement after 8 s.
 */
const STATEMENT_TIMEOUT_MS = 7_000;

/** The header in which a statement says that held jobs may begin (`private.release_jobs`). */
const RELEASED_HEADER = "x-jobs-released";

/**
 * Makes the database client. All its requests pass through one fetch, which replaces characters that Postgres cannot
 * store and calls `onReleased` when an answer says that held jobs may begin.
 */
export function createDatabase(
  env: Pick<Env, "SUPABASE_URL" | "SUPABASE_SECRET_KEY">,
  fetch: typeof globalThis.fetch,
  onReleased: () => Promise<void> = async () => {},
) {
  return createClient<Database>(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: send },
    db: { timeout: STATEMENT_TIMEOUT_MS },
    realtime: { transport: NoRealtime },
  });

  async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const body = init?.body;
    const response = await fetch(
      input,
      typeof body === "string" ? { ...init, body: storableBody(body) } : init,
    );
    if (response.headers.has(RELEASED_HEADER)) await onReleased();
    return response;
  }
}

type Result<T> = { data: T; error: null } | { data: null; error: { message: string } };

/** Returns the value or throws an AppError. Our own errors keep their code; for others the SQL state decides the code. */
export async function unwrap<T>(pending: PromiseLike<Result<T>> | Result<T>): Promise<T> {
  const { data, error } = await pending;
  if (error) throw toAppError(error);
  return data;
}

const postgrestError = z.object({
  code: z.string().nullish(),
  message: z.string(),
  details: z.string().nullish(),
  hint: z.string().nullish(),
});

/**
 * Reads only `code` and `hint` (`raise sqlstate 'PTxyz' using hint = <our code>`), never the message. An error of
 * the database without our code becomes an `internal` error with the message of Postgres, which no answer shows. When
 * the database cannot be reached, the message is our own.
 */
export function toAppError(error: unknown): AppError {
  const parsed = postgrestError.safeParse(error);
  if (!parsed.success)
    return new AppError("database_unavailable", "The database gave no readable answer", { cause: error });
  const { code, message, details, hint } = parsed.data;
  if (isErrorCode(hint)) return new AppError(hint, message, { ...readDetail(details), cause: error });
  const ours = codeOfSqlState(code ?? "");
  const words = ours === "internal" ? message : "The database cannot be reached";
  return new AppError(ours, words, { cause: error });
}

const facts = z.looseObject({ retryAfterSeconds: z.number().optional() });

/** The detail of our own errors is empty, a number of seconds to wait before the next try, or a JSON object. */
function readDetail(detail: string | null | undefined) {
  if (!detail) return {};
  const parsed = facts.or(z.number()).safeParse(fromJson(detail));
  if (!parsed.success) return {};
  if (typeof parsed.data === "number") return { retryAfterMs: parsed.data * 1000 };
  const { retryAfterSeconds, ...details } = parsed.data;
  return { details, retryAfterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000 };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An error without a SQL state means that the database sent no answer. */
function codeOfSqlState(state: string): ErrorCode {
  const transient = /^(?:|08...|40...|53...|55P03|57...|PGRST00[0-3])$/;
  return transient.test(state) ? "database_unavailable" : "internal";
}
