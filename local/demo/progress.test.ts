import { expect, test, vi } from "vitest";
import { progressOf } from "#demo/progress.ts";

test("without a terminal, the demo prints what it waits for", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  const campaign = { status: "running", counts: { recipients: 10, sent: 4, failed: 0 } };
  const api = { campaign: () => Promise.resolve(campaign) };
  try {
    await progressOf(api, "any", 10).follow("waiting for retries", () => true);
    expect(print.mock.calls).toEqual([["Waiting for retries …"]]);
  } finally {
    print.mockRestore();
  }
});
