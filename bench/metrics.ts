import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { benchStack } from "./campaign-stack.ts";
import { insertManyJobs } from "./many-jobs.ts";

const USAGE = "npm run bench -- metrics [--jobs 1000000] [--path /api/metrics] [--json]";

const ROUNDS = 100;

/**
 * Measures how long a scrape of the metrics takes over HTTP through the whole stack, with `--jobs` jobs. `--path
 * /api/functions` measures a GET of that path instead.
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
    await insertManyJobs(stack, jobs);
    if (!values.json)
      console.log(`${jobs} jobs made in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    const times: number[] = [];
    let text = "";
    // The first five requests are not measured: they load code and fill caches, which is already done in a running
    // site.
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
