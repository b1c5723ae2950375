import { z } from "zod";
import { json, type Route, route } from "#lib/http/route.ts";
import { toPrometheus } from "#monitoring/metrics.ts";
import { type MonitoringRepository, queueStats } from "#monitoring/repository.ts";

type Dependencies = { monitoring: Pick<MonitoringRepository, "metrics" | "queueStats"> };

export const metricsRoutes = ({ monitoring }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/metrics",
    policy: "admin",
    summary: "Numbers of now and of the last five minutes, in Prometheus' text format",
    answers: ["text/plain"],
    responses: { 200: z.undefined() },
    handler: async () =>
      new Response(toPrometheus(await monitoring.metrics()), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
  }),
  route({
    method: "GET",
    path: "/queue/stats",
    policy: "admin",
    summary: "How many jobs wait and run, and how many dead letters wait for a decision",
    responses: { 200: queueStats },
    handler: async () => json(200, await monitoring.queueStats()),
  }),
];
