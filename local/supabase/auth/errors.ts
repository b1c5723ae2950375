import { type Answer, json } from "../http.ts";

/** An error in the format of Supabase Auth since its API version 2024-01-01. */
export class AuthError extends Error {
  readonly status: number;
  readonly code: string;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

export const authErrorAnswer = ({ status, code, message, more }: AuthError): Answer =>
  json(status, { code, message, ...more }, { "x-supabase-api-version": "2024-01-01" });
