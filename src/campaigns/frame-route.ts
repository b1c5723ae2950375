import { z } from "zod";
import { type Route, route } from "#lib/http/route.ts";

/**
 * No script runs in a mail. Its own styles apply, which the policy of the dashboard forbids, and its pictures are loaded
 * as a mail program would load them.
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

/** An empty page with the policy of a mail. The dashboard frames it, and writes the mail that is composed into it. */
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
