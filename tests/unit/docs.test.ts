/** The guides explain what the source documents require. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(resolve(import.meta.dirname, "../..", file), "utf8");

test.each<[point: string, file: string, said: string[]]>([
  [
    "S4-73: troubleshooting has the five entries of the documents",
    "docs/troubleshooting.md",
    [
      "functions are not registered",
      "retries are used up",
      "everything is slow",
      "was not awaited",
      "dead letters pile up",
    ],
  ],
  [
    "S0-29: and those of Async Workloads",
    "docs/troubleshooting.md",
    ["did not get a event router ack", "`require()` of ES Module not supported", "Tasks not processing"],
  ],
  [
    "S0-28: deploying is told with the CLIs",
    "docs/deploy.md",
    [
      "netlify-cli",
      "netlify login",
      "netlify link",
      "netlify dev",
      "netlify env:set",
      "netlify deploy --prod",
      "supabase db push",
      "npm run sync",
    ],
  ],
  [
    "the queue's state is in Postgres and not in Netlify Blobs, and why",
    "docs/decisions.md",
    ["State in Postgres, not in Netlify Blobs", "loses updates"],
  ],
  [
    "S2-1: what belongs into the background, by name, and what does not",
    "docs/when-to-go-async.md",
    [
      "500 ms",
      "Do it in the request",
      "images and video",
      "e-mail",
      "PDF reports",
      "push notifications",
      "analytics and logging",
      "feed",
      "third parties",
    ],
  ],
  [
    "the documents' rules of thumb, comparison and key terms",
    "docs/patterns.md",
    ["Rules of thumb", "RabbitMQ", "Kafka", "UDP", "Semaphore(6)", "Upstash-Delay", "redrive", "15 minutes"],
  ],
  [
    "S4-60: the five tips of the free plan",
    "docs/costs.md",
    [
      "1. **Batch.**",
      "2. **Fewer steps.**",
      "3. **Filter before you send.**",
      "4. **A schedule for periodic work.**",
      "5. **SQL for what is SQL.**",
    ],
  ],
  [
    "the four steps of the infrastructure, with this product's commands",
    "docs/rollout.md",
    [
      "1. The engine: `npm start`",
      "2. The door:",
      "`npm run sync`",
      "3. The event:",
      "`npm run new:job",
      "4. Monitoring:",
    ],
  ],
  [
    "the assessment of the documents has six questions, and their migration six phases",
    "docs/rollout.md",
    [
      "\n6. Which person is told",
      ...["Assess", "Infrastructure", "The flag", "The page", "The percentage", "The end"].map(
        (name, n) => `**${n + 1}. ${name}.**`,
      ),
    ],
  ],
])("%s", (_, file, said) => {
  const text = read(file);
  expect(said.filter((words) => !text.includes(words))).toEqual([]);
});

test("S3-3: the README states the guarantees and the limits of the product", () => {
  const guarantees = read("README.md").split("## Guarantees")[1]?.split("\n## ")[0];
  expect(guarantees).toContain("at least once");
  expect(guarantees).toContain("exactly-once");
  expect(guarantees).toContain("`unknown`");
});
