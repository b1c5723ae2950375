import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

const USAGE = "npm run bench -- metrics [--jobs 1000000] [--path /api/metrics] [--json]";

const ROUNDS = 100;

/**
 * How long a scrape of the metrics takes, or another GET such as --path /api/functions, over HTTP through the whole
 * stack, with that many jobs: 1 % wait, 0.1 % run, and the rest ended evenly over the last day, each of one of 20 kinds
 * and functions.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: {
      jobs: { type: "string", default: "1000000" },
      path: { type: "string", default: "/api/metrics" },
      json: { type: "boolean", default: false },
    },
  });
  const jobs = numberOption("jobs", values.jobs);
  const stack = await benchStack({ PLAN: "pro" });
  try {
    const startedAt = performance.now();
    await fill(stack, jobs);
    if (!values.json)
      console.log(`${jobs} jobs made in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    const times: number[] = [];
    let text = "";
    // The first five load code and fill caches, as in a running site.
    for (let n = -5; n < ROUNDS; n++) {
      const began = performance.now();
      const response = await fetch(`${stack.urls.site}${values.path}`, {
        headers: { authorization: `Bearer ${stack.keys.admin}` },
      });
      text = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${text}`);
      if (n >= 0) times.push(performance.now() - began);
    }
    times.sort((one, other) => one - other);
    const at = (share: number) => Math.round((times[Math.ceil(times.length * share) - 1] ?? 0) * 10) / 10;
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    console.log(JSON.stringify({ jobs, p95Ms: at(0.95), series, p50Ms: at(0.5), rounds: ROUNDS }));
  } finally {
    await stack.stop();
  }
}

async function fill({ sql }: BenchStack, jobs: number): Promise<void> {
  await sql.query(
    `insert into jobs (kind, function_id, event_id, event_name, status, requester, priority, created_at, ready_at, due_at,
       released_at, sent_at, started_at, ended_at, updated_at)
     select 'kind ' || n % 20, 'work-' || n % 20, gen_random_uuid()::text, 'bench/work', status, 'key:bench', 1 + n % 5, at, at,
       at + interval '1 minute', at, at, case when status <> 'queued' then at + n % 90 * interval '1 second' end,
       case when status not in ('queued', 'running') then at + interval '2 minutes' end, at
     from generate_series(1, $1::integer) as n
     cross join lateral (select now() - interval '2 minutes' - n::float8 / $1 * interval '1 day' as at,
       case when n % 100 = 0 then 'queued' when n % 1000 = 1 then 'running' when n % 50 = 2 then 'failed'
         else 'completed' end as status) as made`,
    [jobs],
  );
  await sql.query("vacuum analyze jobs");
}
