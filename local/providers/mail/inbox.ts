import { readFileSync } from "node:fs";
import type { MailRecord } from "#providers/mail/record.ts";

const page = readFileSync(new URL("./inbox.html", import.meta.url), "utf8");

const html = { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" };
const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
/**
 * A mail contains foreign HTML. The mail may show its styles and images, but may not run scripts or send anything from
 * our origin.
 */
const mailPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'";

/** The inbox page for people, at `/`. */
export function inbox(path: string): Response | undefined {
  if (path !== "/") return undefined;
  return new Response(page, { headers: { ...html, "content-security-policy": pagePolicy } });
}

/**
 * The HTML or text of one mail alone, for the inbox's sandboxed frame: `/messages/<id>/html` and `/messages/<id>/text`.
 */
export function messageView(path: string, record: MailRecord): Response | undefined {
  const match = /^\/messages\/([\w-]+)\/(html|text)$/.exec(path);
  const [, id, kind] = match ?? [];
  const found = id === undefined ? undefined : record.find(id);
  if (found === undefined) return undefined;
  const part = found.email[kind ?? "text"];
  const content = typeof part === "string" ? part : "";
  if (kind === "text") {
    return new Response(content, {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "x-content-type-options": "nosniff",
        "content-security-policy": mailPolicy,
      },
    });
  }
  return new Response(`<!doctype html><base target="_blank">${content}`, {
    headers: { ...html, "content-security-policy": mailPolicy, "referrer-policy": "no-referrer" },
  });
}
