import { defineConfig } from "vitest/config";

const shared = {
  // The next file of a worker reuses the loaded modules, because loading them again took half as long as the tests. So
  // a file must leave neither a fake clock nor a changed environment.
  isolate: false,
  setupFiles: ["tests/support/plain-environment.ts", "tests/support/quiet.ts"],
  // The last limit, which is enough for a slow machine. No test may rely on it.
  testTimeout: 120_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 60_000 } },
};

/** Tests of pure code and of single files start at once. All others get a migrated Postgres for the run. */
const withoutDatabase = ["tests/unit/**/*.test.ts", "tests/spec/**/*.test.ts"];
const inBrowser = ["tests/browser/**/*.test.ts"];
/**
 * Tests of many inputs or long times, which run only in the SDK's usual mode. The other mode (`CHECKPOINTING=false`)
 * can only change what a function keeps from one step to the next. The other tests run every function in both modes
 * (our-outages), so each step is also run in a request of its own.
 */
const inOneModeOnly = [
  "canary",
  "deliveries/send-webhook",
  "feed/kills",
  "idle",
  "imports/any-file",
  "imports/ugly-files",
  "payments/convergence",
  "rollout/flips",
  "uploads/upload",
].map((name) => `tests/workflows/${name}.test.ts`);

export default defineConfig({
  test: {
    pool: "forks",
    // One worker more than a small machine has cores, because many tests wait for a process to start or to be killed.
    maxWorkers: 3,
    projects: [
      { test: { ...shared, name: "unit", include: withoutDatabase } },
      {
        test: {
          ...shared,
          name: "stack",
          include: ["tests/**/*.test.ts", "local/**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            ...withoutDatabase,
            ...inBrowser,
            ...(process.env["CHECKPOINTING"] === "false" ? inOneModeOnly : []),
          ],
          globalSetup: ["tests/support/cluster.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "browser",
          include: inBrowser,
          globalSetup: ["tests/support/cluster.ts", "tests/browser/support/get-chromium.ts"],
        },
      },
    ],
  },
});
