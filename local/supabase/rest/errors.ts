import pg from "pg";
import { type Answer, json } from "../http.ts";
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

export const wrongMethod = (method: string) =>
  new RestError(405, "PGRST117", `Unsupported HTTP method: ${method}`);

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
  if (code === "PGRST") return raisedAnswer(error);
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

/** `raise sqlstate 'PGRST'`: the message is the body, the detail is status and headers, both as JSON. */
const raisedAnswer = (error: pg.DatabaseError): Answer => {
  const body = parseObject(error.message);
  const response = parseObject(error.detail ?? "");
  if (
    typeof body?.["code"] !== "string" ||
    typeof body["message"] !== "string" ||
    !isStatus(response?.["status"])
  ) {
    return json(500, {
      code: "PGRST121",
      details: "Invalid JSON value for MESSAGE or DETAIL",
      hint: "MESSAGE needs code and message, DETAIL needs status and headers",
      message: "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
    });
  }
  const { code, message, details = null, hint = null } = body;
  return json(
    Number(response?.["status"]),
    { code, details, hint, message },
    stringsOf(response?.["headers"]),
  );
};

const isStatus = (value: unknown) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
};

const stringsOf = (value: unknown): Record<string, string> =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name.toLowerCase(), String(text)]))
    : {};

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
