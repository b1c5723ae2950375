import { createApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportFunctions } from "#reports/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
let open: () => void;
const gate = new Promise<void>((resolve) => (open = resolve));
/** The reports of the operator that are being stored. */
const stuck = new Set<string>();
beforeAll(async () => {
  shop = await workshop({
    functions: (platform) =>
      reportFunctions({
        ...platform,
        storage: {
          put: platform.storage.put,
          putStream: async (...file) => {
            const id = file[1].replace(".csv", "");
            const [report] = await shop.rows("select owner from reports where id = $1", [id]);
            if (report.owner === "operator") {
              stuck.add(id);
              await gate;
            }
            return platform.storage.putStream(...file);
          },
        },
      }),
  });
});
afterAll(() => {
  open();
  return shop.close();
});

test("reports of one owner are generated one at a time, and do not delay another owner's report", async () => {
  const ask = async (day: number, headers = {}) => {
    const date = `2026-11-0${day}`;
    const wish = { reportType: "users", format: "csv", dateRange: { start: date, end: date } };
    return String((await shop.call("POST", "/api/reports", wish, headers)).body.jobId);
  };
  const statusOf = async (id: string) => (await shop.call("GET", `/api/reports/${id}`)).body.status;
  const ours = await Promise.all([1, 2, 3, 4, 5, 6].map((day) => ask(day)));
  const key = await createApiKey(shop.database.project, { name: "ann", role: "app", owner: "ann" });
  const hers = await ask(1, { authorization: `Bearer ${key}` });
  const isDone = async () => stuck.size > 0 && (await statusOf(hers)) === "completed";
  await expect.poll(isDone, { timeout: 20_000 }).toBe(true);
  expect(stuck.size).toBe(1);
  open();
  await shop.engine.waitFor(async () =>
    (await Promise.all(ours.map(statusOf))).every((s) => s === "completed"),
  );
  expect(stuck.size).toBe(6);
});
