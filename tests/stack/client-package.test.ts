import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
/** Another project, outside the repository. */
let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "nightshift-consumer-"));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const run = (command: string, args: string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; output: string }>((done) => {
    execFile(command, args, { cwd: project, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : 1, output: `${stdout}${error === null ? "" : stderr}` }),
    );
  });

const CONSUMER = `
import { createClient, Problem, type ImageTask, type Job } from "nightshift/client";

const nightshift = createClient({ baseUrl: process.env["SITE"] ?? "", key: () => "ns_key" });
const task = await nightshift.submit("/api/tasks", { prompt: "a lighthouse" });
const position: number | null = task.position;
const whole: ImageTask = task;
const { jobId }: { jobId: string } = await nightshift.submit("/api/campaigns/1/send", undefined);
// @ts-expect-error a task has no jobId: it is known by its id
task.jobId;
const job: Job = await nightshift.cancel(jobId);
const refused = await nightshift.get("/api/nothing").catch((error: unknown) => error);
console.log(JSON.stringify({
  position, prompt: whole.prompt, jobId, status: job.status, code: refused instanceof Problem && refused.code,
}));
`;

test("the packed client installs without a network, compiles under tsc --strict, and runs in plain Node", async () => {
  const packed = await run("npm", ["pack", root, "--silent"]);
  expect(packed).toMatchObject({ code: 0 });
  const archive = readdirSync(project).find((file) => file.endsWith(".tgz")) ?? "";
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module" }),
  );
  // Only the client's files: it must not need the server's dependencies.
  await run("mkdir", ["-p", "node_modules/nightshift"]);
  expect(
    await run("tar", ["-xzf", archive, "--strip-components=1", "-C", "node_modules/nightshift"]),
  ).toMatchObject({ code: 0 });

  writeFileSync(join(project, "consumer.ts"), CONSUMER);
  const options = ["--strict", "--target", "es2023", "--module", "nodenext", "--types", "node"];
  const roots = ["--typeRoots", join(root, "node_modules/@types")];
  const compiled = await run(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    ...options,
    ...roots,
    "consumer.ts",
  ]);
  expect(compiled).toEqual({ code: 0, output: "" });

  const site = createServer((request, response) => {
    const answers: Record<string, [number, object]> = {
      "POST /api/tasks": [202, { id: "t", position: 3, prompt: "a lighthouse" }],
      "POST /api/campaigns/1/send": [202, { jobId: "j" }],
      "DELETE /api/jobs/j": [202, { id: "j", status: "canceled" }],
    };
    const [status, body] = answers[`${request.method} ${request.url}`] ?? [
      404,
      { code: "not_found", detail: "no" },
    ];
    request.resume();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => site.listen(0, "127.0.0.1", listening));
  try {
    const { port } = site.address() as AddressInfo;
    const ran = await run(process.execPath, ["consumer.js"], {
      SITE: `http://127.0.0.1:${port}`,
      NODE_OPTIONS: "",
    });
    expect(ran.code === 0 ? JSON.parse(ran.output) : ran.output).toEqual({
      position: 3,
      prompt: "a lighthouse",
      jobId: "j",
      status: "canceled",
      code: "not_found",
    });
  } finally {
    site.close();
  }
});
