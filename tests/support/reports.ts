import { randomUUID } from "node:crypto";
import { resendHeaders } from "./sign.ts";

export const REPORTS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Door = (request: Request) => Promise<Response>;
type Report = { type: string; at: Date; id?: string; data: Record<string, unknown> };

/** Sends one report to the door, signed as Resend signs; returns the HTTP status. */
export async function sendReport(door: Door, { type, at, id = randomUUID(), data }: Report, now = at) {
  const body = JSON.stringify({ type, created_at: at.toISOString(), data });
  const headers = resendHeaders(body, REPORTS_SECRET, id, now);
  const url = "http://site.local/api/webhooks/resend";
  return (await door(new Request(url, { method: "POST", body, headers }))).status;
}
