/** Starts a bundled door alone, and sends it one request. */
import { execFile } from "node:child_process";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { Door } from "./manifest.ts";
import { example } from "./routes.ts";

const Answer = z.object({ status: z.number(), body: z.string() });
export type Answer = z.output<typeof Answer>;

/** The variables of production. No program listens at any of the addresses. */
const ENVIRONMENT = {
  PATH: process.env["PATH"],
  NODE_ENV: "production",
  NIGHTSHIFT_ENV: "production",
  LOG_LEVEL: "silent",
  SUPABASE_URL: "https://127.0.0.1:9",
  SUPABASE_SECRET_KEY: "sb_secret_check",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_check",
  INNGEST_EVENT_KEY: "check",
  INNGEST_SIGNING_KEY: `signkey-prod-${"0".repeat(64)}`,
  INNGEST_BASE_URL: "https://127.0.0.1:9",
  RESEND_BASE_URL: "https://127.0.0.1:9",
  RESEND_API_KEY: "re_check",
  LINK_SECRET: "0".repeat(64),
};

/** Method and address of one request that this door should answer. */
export const exampleRequest = ({ routes }: Door): { method: string; address: string } => {
  const [route] = routes;
  if (route === undefined) return { method: "POST", address: "/.netlify/functions/scheduled" };
  const methods = route.methods ?? ["GET"];
  return { method: methods.includes("GET") ? "GET" : (methods[0] ?? "GET"), address: example(route.pattern) };
};

/**
 * The bundle is outside the repository, without node_modules above it, so a package that the bundle does not contain
 * cannot be found.
 */
export const boot = async (root: string, door: Door, method: string, address: string): Promise<Answer> => {
  const main = join(door.path, relative(root, door.mainFile).replace(/\.ts$/, ".mjs"));
  const knock = resolve(import.meta.dirname, "knock.mjs");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [knock, main, method, `https://site.example${address}`],
    { cwd: door.path, env: ENVIRONMENT, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
  );
  // The door may still log after its answer.
  return Answer.parse(JSON.parse(stdout.split("\n").findLast((line) => line.startsWith('{"status":')) ?? ""));
};
