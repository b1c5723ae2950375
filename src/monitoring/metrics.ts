import { z } from "zod";

const sample = z.object({ labels: z.record(z.string(), z.string()), value: z.number() });
export const metricsRow = z.record(z.string(), sample.array());
export type Metrics = z.output<typeof metricsRow>;

/** All metrics. Each is a gauge, because the ledger deletes old jobs, so no sums since the beginning exist. */
export const METRICS: Readonly<Record<string, string>> = {
  nightshift_jobs_waiting: "Queued jobs of a class, at most 100,000 are counted",
  nightshift_oldest_waiting_seconds: "How long the oldest queued job of a class has waited",
  nightshift_jobs_running: "Running jobs",
  nightshift_jobs_ended_last_five_minutes: "Jobs of a kind that ended in the last five minutes, by their end",
  nightshift_jobs_started_last_five_minutes: "Jobs of a class that began in the last five minutes",
  nightshift_jobs_late_last_five_minutes: "Those of them that began after they were due",
  nightshift_retries_last_five_minutes: "Retries in the last five minutes",
  nightshift_dead_letters_open: "Dead letters that wait for a decision",
  nightshift_dead_letters_last_five_minutes: "Dead letters of the last five minutes",
  nightshift_outbox_jobs: "Accepted jobs that were not sent to the engine yet",
  nightshift_webhook_endpoints: "Webhook endpoints by status",
  nightshift_alerts: "Alerts that are not resolved, by rule",
  nightshift_monitor_last_look_seconds: "How long ago the monitor last ran",
  nightshift_canary_ok: "1 when the newest canary was completed",
};

/** The Prometheus text format, version 0.0.4. */
export function toPrometheus(metrics: Metrics): string {
  const lines = Object.entries(METRICS).flatMap(([name, help]) => {
    const samples = metrics[name];
    if (samples === undefined) return [];
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({ labels, value }) => `${name}${inBraces(labels)} ${value}`),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function inBraces(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll("\n", String.raw`\n`);
