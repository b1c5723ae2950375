import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const root = resolve(import.meta.dirname, "../..");
const Line = z.object({
  level: z.number(),
  door: z.string(),
  msg: z.string(),
  err: z.object({ message: z.string() }),
});
const Answer = z.object({ status: z.number(), type: z.string(), body: z.record(z.string(), z.unknown()) });

/** A process of its own with this environment alone: what a door answers, and what it wrote before. */
async function knock(door: string, env: Record<string, string>) {
  const script = `
    const { default: door } = await import("./netlify/functions/${door}.ts");
    const response = await door(new Request("http://site.local/api/ready"));
    const type = response.headers.get("content-type");
    console.log(JSON.stringify({ status: response.status, type, body: await response.json() }));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: root, env: { PATH: process.env["PATH"], ...env } },
  );
  const lines = stdout.trim().split("\n");
  const answer = Answer.parse(JSON.parse(lines.pop() ?? ""));
  return { answer, log: lines.map((line) => Line.parse(JSON.parse(line))) };
}

test.each([
  ["status", "api"],
  ["housekeeping", "housekeeping"],
])(
  "%s without its secrets in production: 500, and one line in the log, both name all that is missing",
  async (file, door) => {
    const { answer, log } = await knock(file, { NIGHTSHIFT_ENV: "production" });
    expect(answer).toMatchObject({
      status: 500,
      type: "application/problem+json",
      body: { code: "configuration" },
    });
    expect(log).toMatchObject([{ level: 50, door, msg: "the door failed" }]);
    for (const name of [
      "SUPABASE_URL",
      "SUPABASE_SECRET_KEY",
      "INNGEST_SIGNING_KEY",
      "LINK_SECRET",
      "RESEND_API_KEY",
    ]) {
      expect(answer.body["detail"]).toContain(`${name} is missing`);
      expect(log[0]?.err.message).toContain(`${name} is missing`);
    }
  },
);
