import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
/** Another project, outside the repository. */
let project: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "nightshift-consumer-"));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module" }),
  );
  await mustRun("npm", ["pack", root, "--silent"]);
  const archive = readdirSync(project).find((file) => file.endsWith(".tgz")) ?? "";
  // Only the package's own files: the client must not need the server's dependencies.
  mkdirSync(join(project, "node_modules/nightshift"), { recursive: true });
  const unpack = ["-xzf", archive, "--strip-components=1", "-C", "node_modules/nightshift"];
  await mustRun("tar", unpack);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const run = (command: string, args: string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; output: string }>((done) => {
    execFile(command, args, { cwd: project, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : 1, output: `${stdout}${error === null ? "" : stderr}` }),
    );
  });

async function mustRun(command: string, args: string[]): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} failed: ${output}`);
}

const compile = (...args: string[]) => {
  const options = ["--strict", "--target", "es2023", "--module", "nodenext", "--types", "node"];
  const roots = ["--typeRoots", join(root, "node_modules/@types")];
  return run(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    ...options,
    ...roots,
    ...args,
  ]);
};

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
  writeFileSync(join(project, "consumer.ts"), CONSUMER);
  expect(await compile("consumer.ts")).toEqual({ code: 0, output: "" });

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

const SENDER = `
import { queueJob, sendCampaignRequested } from "nightshift/events";

const campaignId = "7d4b6c1e-58a9-4e0e-9b7e-0a4f4e4f7c11";
const { name, data } = sendCampaignRequested.create({ campaignId });
// @ts-expect-error a campaign's id is a text
sendCampaignRequested.create({ campaignId: 1 });
console.log(JSON.stringify([name, data, queueJob("email.send-campaign", { campaignId }, "high").name]));
`;

test("the packed events need only inngest and zod, compile under tsc --strict, and run in plain Node", async () => {
  for (const name of ["inngest", "zod"])
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  writeFileSync(join(project, "sender.ts"), SENDER);
  expect(await compile("--skipLibCheck", "sender.ts")).toEqual({ code: 0, output: "" });
  const { output } = await run(process.execPath, ["sender.js"], { NODE_OPTIONS: "" });
  expect(output).toBe(
    `["email/send.campaign",{"campaignId":"7d4b6c1e-58a9-4e0e-9b7e-0a4f4e4f7c11"},"email/send.campaign"]\n`,
  );
});
