import { z } from "zod";
import { type Route, route } from "#lib/http/route.ts";

/**
 * The Content-Security-Policy for a mail. A mail may run no script. As in a mail program, the mail's own styles apply,
 * although the dashboard's policy forbids them, and its pictures are loaded.
 */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline' https:",
  "img-src https: data:",
  "font-src https: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  "sandbox allow-same-origin",
].join("; ");

/** An empty page with the policy for mails. The dashboard shows this page in a frame, and writes the mail into it. */
export const frameRoute = (): Route =>
  route({
    method: "GET",
    path: "/api/mail-frame",
    policy: "public",
    summary: "An empty page in which the dashboard shows a mail",
    answers: ["text/html"],
    responses: { 200: z.string() },
    handler: () =>
      Promise.resolve(
        new Response("<!doctype html><title>Mail</title>", {
          headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY },
        }),
      ),
  });
