import { resolve } from "node:path";
import { expect, test } from "vitest";
import { tableOf } from "#stack/table.ts";

const stack = {
  ports: { site: 8888, supabase: 54321, engine: 8288, mail: 54324 },
  keys: { admin: "ns_admin", app: "ns_app", linkSecret: "", resendApiKey: "" },
  environment: {},
  isHosted: false,
};
const usual = { seconds: 1, timeScale: 1 };

test("the demo command names the data folder, unless it is the usual one", () => {
  expect(tableOf({ ...stack, dataDir: resolve(".nightshift") }, usual)).toMatch(/ {2}npm run demo\n/);
  expect(tableOf({ ...stack, dataDir: "/tmp/of-its-own" }, usual)).toContain(
    "npm run demo -- --data-dir /tmp/of-its-own\n",
  );
});

test("the summary says how much faster time runs", () => {
  const dataDir = "/tmp/of-its-own";
  expect(tableOf({ ...stack, dataDir }, { seconds: 1, timeScale: 60 })).toContain(
    "Time runs 60 times faster.",
  );
  expect(tableOf({ ...stack, dataDir }, usual)).not.toContain("Time runs");
});
