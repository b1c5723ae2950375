import pg from "pg";
import { type Answer, json, refuse } from "../http.ts";
import { statusOfSqlState } from "./sql-state.ts";

type ErrorBody = { code: string; details: unknown; hint: unknown; message: string };

/** An error that PostgREST itself reports, not the database. */
export class RestError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, code: string, message: string, more: { details?: string; hint?: string } = {}) {
    super(message);
    this.status = status;
    this.body = { code, details: more.details ?? null, hint: more.hint ?? null, message };
  }
}

/** Converts any error to the answer of PostgREST. */
export const errorAnswer = (error: unknown, role: string): Answer | undefined => {
  if (error instanceof RestError) return json(error.status, error.body, challenge(error.status));
  if (!(error instanceof Error)) return undefined;
  if (error instanceof pg.DatabaseError && error.code !== undefined)
    return databaseAnswer(error, error.code, role);
  if (error.message === poolIsExhausted) return connectionTimeout;
  return isConnectionFailure(error) ? databaseUnavailable(error) : undefined;
};

const databaseAnswer = (error: pg.DatabaseError, code: string, role: string): Answer => {
  if (code === "PGRST") return refuse("raise sqlstate 'PGRST' (a code such as PT409 chooses the status)");
  // For the caller, a server that is starting or stopping is the same as no server.
  if (code === "57P03") return databaseUnavailable(error);
  const status = statusOfSqlState(code, error.message, role !== "anon");
  const body: ErrorBody = {
    code,
    details: error.detail ?? null,
    hint: error.hint ?? null,
    message: error.message,
  };
  return json(status, body, challenge(status));
};

const challenge = (status: number): Record<string, string> =>
  status === 401 ? { "www-authenticate": "Bearer" } : {};

/**
 * Whether the connection failed: it was refused, reset, or ended during a query, or no connection was free in time. pg
 * has no error class for these cases.
 */
const isConnectionFailure = (error: Error) =>
  ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) ||
  /connection terminated|connection ended|not queryable|client was closed|connection timeout/i.test(
    error.message,
  );

const databaseUnavailable = (error: Error): Answer =>
  json(503, {
    code: "PGRST000",
    details: error.message,
    hint: null,
    message: "Database connection error. Retrying the connection.",
  });

/** The message of the pool of pg when no connection is free. The error has no code. */
const poolIsExhausted = "timeout exceeded when trying to connect";

const connectionTimeout = json(504, {
  code: "PGRST003",
  details: null,
  hint: null,
  message: "Timed out acquiring connection from connection pool.",
});
