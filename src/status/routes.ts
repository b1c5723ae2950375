import { z } from "zod";
import { type Check, cachedCheck } from "#lib/check.ts";
import type { Clock } from "#lib/clock.ts";
import { toOpenApi } from "#lib/http/openapi.ts";
import { json, type Route, route } from "#lib/http/route.ts";

type Dependencies = { checks: readonly Check[]; clock: Clock; release: string | undefined };

const health = z.object({ status: z.literal("ok"), release: z.string().nullable(), at: z.string() });
const readiness = z.object({
  status: z.enum(["ready", "not ready"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), problem: z.string().nullable() })),
});
z.globalRegistry.add(readiness, { id: "Readiness" });

/** Public routes. Their answers say only whether the services work. */
export function statusRoutes({ checks, clock, release }: Dependencies): Route[] {
  const cachedChecks = checks.map((check) => cachedCheck(check, clock));
  return [
    route({
      method: "GET",
      path: "/api/health",
      policy: "public",
      summary: "Does the process live?",
      responses: { 200: health },
      handler: async () =>
        json(200, { status: "ok", release: release ?? null, at: clock.now().toISOString() }),
    }),
    route({
      method: "GET",
      path: "/api/ready",
      policy: "public",
      summary: "Can work be done: do database, engine and mail provider answer and take our keys?",
      responses: { 200: readiness, 503: readiness },
      handler: async () => {
        const results = await Promise.all(
          cachedChecks.map(async ({ name, problem }) => ({ name, problem: await problem() })),
        );
        const isReady = results.every(({ problem }) => problem === null);
        const details = results.map(
          ({ name, problem }) => [name, { ok: problem === null, problem }] as const,
        );
        return json(isReady ? 200 : 503, {
          status: isReady ? "ready" : "not ready",
          checks: Object.fromEntries(details),
        });
      },
    }),
  ];
}

export const openApiRoute = (routes: () => readonly Route[]): Route =>
  route({
    method: "GET",
    path: "/api/openapi.json",
    policy: "public",
    summary: "This document",
    responses: { 200: z.record(z.string(), z.unknown()) },
    handler: async () => json(200, toOpenApi(routes())),
  });
