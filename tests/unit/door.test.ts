import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const root = resolve(import.meta.dirname, "../..");
const Line = z.object({
  level: z.number(),
  door: z.string().optional(),
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});
const Answer = z.object({ status: z.number(), type: z.string(), body: z.record(z.string(), z.unknown()) });

/** Runs a door in its own process with only this environment: returns its answer and its log. */
async function knock(door: string, path: string, env: Record<string, string>) {
  const script = `
    const { default: door } = await import("./netlify/functions/${door}.ts");
    const response = await door(new Request("http://site.local${path}"));
    const type = response.headers.get("content-type");
    console.log(JSON.stringify({ status: response.status, type, body: await response.json() }));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: root, env: { PATH: process.env["PATH"], ...env } },
  );
  const lines = stdout.trim().split("\n");
  const isAnswer = (line: string) => line.startsWith('{"status"');
  const answer = Answer.parse(JSON.parse(lines.find(isAnswer) ?? ""));
  const log = lines
    .filter((line) => !isAnswer(line))
    .map((line) => Line.parse(JSON.parse(line)))
    .filter(({ level }) => level >= 50);
  return { answer, log };
}

const needed = [
  "SUPABASE_URL",
  "SUPABASE_SECRET_KEY",
  "INNGEST_SIGNING_KEY",
  "LINK_SECRET",
  "RESEND_API_KEY",
];

test.each([
  ["api", "/api/jobs"],
  ["status", "/api/openapi.json"],
  ["housekeeping", "/"],
])(
  "%s without its secrets in production: the 500 and its log line name every missing variable",
  async (door, path) => {
    const { answer, log } = await knock(door, path, { NIGHTSHIFT_ENV: "production" });
    expect(answer).toMatchObject({
      status: 500,
      type: "application/problem+json",
      body: { code: "configuration" },
    });
    expect(log).toMatchObject([
      { level: 50, door: door === "status" ? "api" : door, msg: "the door failed" },
    ]);
    for (const name of needed) {
      expect(answer.body["detail"]).toContain(`${name} is missing`);
      expect(log[0]?.err?.message).toContain(`${name} is missing`);
    }
  },
);

describe("the status door with an invalid environment", () => {
  const broken = { NIGHTSHIFT_ENV: "production", LOG_LEVEL: "loud" };

  test("/api/health: 200", async () => {
    const { answer } = await knock("status", "/api/health", broken);
    expect(answer).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  test("/api/ready: 503, and the environment is the failing check", async () => {
    const { answer } = await knock("status", "/api/ready", broken);
    expect(answer).toMatchObject({ status: 503, body: { checks: { environment: { ok: false } } } });
    for (const name of [...needed, "LOG_LEVEL"]) expect(JSON.stringify(answer.body)).toContain(name);
  });
});
