import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";
import { insertManyJobs } from "./many-jobs.ts";

const USAGE = "npm run bench -- jobs [--jobs 1000000] [--rounds 20] [--json]";

/**
 * Measures the dashboard's requests over HTTP through the whole stack, with `--jobs` jobs in the ledger. The requests
 * are: the list of jobs, the list's summary and the first message of the list's stream with each filter and search, and
 * the requests of other views that read the ledger.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      jobs: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
    },
  });
  const jobs = numberOption("jobs", values.jobs);
  const rounds = numberOption("rounds", values.rounds);
  const stack = await benchStack({ PLAN: "pro" });
  try {
    await insertManyJobs(stack, jobs);
    const took: Record<string, { p50Ms: number; p95Ms: number }> = {};
    for (const path of pathsOf(jobs)) {
      const times: number[] = [];
      // The first three rounds are not measured: they load code and fill caches.
      for (let n = -3; n < rounds; n++) {
        const ms = await timeOf(stack, path);
        if (n >= 0) times.push(ms);
      }
      times.sort((one, other) => one - other);
      const at = (share: number) => Math.round((times[Math.ceil(times.length * share) - 1] ?? 0) * 10) / 10;
      took[path] = { p50Ms: at(0.5), p95Ms: at(0.95) };
      if (!values.json) console.log(path, took[path]);
    }
    const [slowest, { p95Ms }] = Object.entries(took).reduce((a, b) => (b[1].p95Ms > a[1].p95Ms ? b : a));
    console.log(JSON.stringify({ jobs, rounds, slowest, slowestP95Ms: p95Ms, ...(values.json && { took }) }));
  } finally {
    await stack.stop();
  }
}

const idOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

function pathsOf(jobs: number): string[] {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const filters = [
    {},
    ...["queued", "running", "completed", "failed", "canceled", "skipped"].map((status) => ({ status })),
    { kind: "work-7" },
    { kind: "rare" },
    { kind: "none" },
    { function: "rare" },
    { function: "none" },
    { requester: "key:bench-7" },
    { requester: "none" },
    { parent: idOf(jobs) },
    { from: hoursAgo(1) },
    { from: hoursAgo(24 * 7) },
    { to: hoursAgo(12) },
    { status: "failed", kind: "rare" },
    { status: "completed", kind: "rare" },
    { status: "queued", kind: "rare" },
    { status: "running", requester: "none" },
    { search: "work-7" },
    { search: "owner-777" },
    { search: `Mail ${Math.round(jobs / 100) * 50 + 2} ` },
    { search: idOf(Math.round(jobs / 2)) },
    { search: "no such word" },
    { search: "no such word", status: "failed" },
  ].map((filter) => new URLSearchParams(filter).toString());
  return [
    ...["/api/jobs", "/api/jobs/stream", "/api/jobs/summary"].flatMap((path) =>
      filters.map((filter) => (filter === "" ? path : `${path}?${filter}`)),
    ),
    "/api/jobs/stats",
    "/api/functions",
    "/api/functions/work-7",
    "/api/open",
  ];
}

/** The time until the whole answer, or the first message of a stream, has arrived. */
async function timeOf({ urls, keys }: BenchStack, path: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(urls.site + path, { headers: { authorization: `Bearer ${keys.admin}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  if (response.headers.get("content-type") !== "text/event-stream") {
    await response.text();
    return performance.now() - began;
  }
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes("event: snapshot") && text.endsWith("\n\n")) break;
  }
  return performance.now() - began;
}
