import { expect, test, vi } from "vitest";

test("a test that expects console output may catch it", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  console.warn("expected");
  expect(warn).toHaveBeenCalledWith("expected");
  warn.mockRestore();
});

test.fails("unexpected console output fails the test that made it", { retry: 0 }, () => {
  console.warn("nobody expected this");
});
