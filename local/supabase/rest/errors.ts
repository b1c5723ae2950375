import pg from "pg";
import { type Answer, json, refuse } from "../http.ts";
import { statusOfSqlState } from "./sql-state.ts";

type ErrorBody = { code: string; details: unknown; hint: unknown; message: string };

/** An error that PostgREST itself raises, before or without the database. */
export class RestError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, code: string, message: string, more: { details?: string; hint?: string } = {}) {
    super(message);
    this.status = status;
    this.body = { code, details: more.details ?? null, hint: more.hint ?? null, message };
  }
}

/** Turns whatever went wrong into the answer that PostgREST gives. */
export const errorAnswer = (error: unknown, role: string): Answer | undefined => {
  if (error instanceof RestError) return json(error.status, error.body, challenge(error.status));
  if (!(error instanceof Error)) return undefined;
  if (error instanceof pg.DatabaseError && error.code !== undefined)
    return databaseAnswer(error, error.code, role);
  if (error.message === poolIsExhausted) return timedOut;
  return isConnectionFailure(error) ? unreachable(error) : undefined;
};

const databaseAnswer = (error: pg.DatabaseError, code: string, role: string): Answer => {
  if (code === "PGRST") return refuse("raise sqlstate 'PGRST' (a code such as PT409 chooses the status)");
  // The server is starting or stopping: for the caller that is the same as no server.
  if (code === "57P03") return unreachable(error);
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

/** pg gives no class to these: connection refused or reset, ended while a query ran, no free connection in time. */
const isConnectionFailure = (error: Error) =>
  ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) ||
  /connection terminated|connection ended|not queryable|client was closed|connection timeout/i.test(
    error.message,
  );

const unreachable = (error: Error): Answer =>
  json(503, {
    code: "PGRST000",
    details: error.message,
    hint: null,
    message: "Database connection error. Retrying the connection.",
  });

/** The words of pg's pool, which has no code for it. */
const poolIsExhausted = "timeout exceeded when trying to connect";

const timedOut = json(504, {
  code: "PGRST003",
  details: null,
  hint: null,
  message: "Timed out acquiring connection from connection pool.",
});
