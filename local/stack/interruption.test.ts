import { afterEach, expect, test, vi } from "vitest";
import { interruption, unlessAborted } from "#stack/interruption.ts";

afterEach(() => vi.restoreAllMocks());

/** Keeps the handlers for signals, so that a test calls a handler instead of sending a signal. */
function interrupted() {
  const handlers = new Map<string, () => void>();
  vi.spyOn(process, "on").mockImplementation((name, handler) => {
    handlers.set(String(name), () => handler());
    return process;
  });
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  const signal = interruption();
  return {
    signal,
    exit,
    send: (name: string) => handlers.get(name)?.(),
    at: (ms: number) => now.mockReturnValue(ms),
  };
}

test("the first Ctrl-C aborts, and the second one exits at once", () => {
  const { signal, exit, send, at } = interrupted();
  expect(signal.aborted).toBe(false);
  send("SIGINT");
  expect(signal.aborted).toBe(true);
  at(2_000);
  expect(exit).not.toHaveBeenCalled();
  send("SIGINT");
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

test("two signals of one Ctrl-C, from the terminal and from npm, count as one", () => {
  const { signal, exit, send, at } = interrupted();
  send("SIGINT");
  at(1_100);
  send("SIGINT");
  expect(signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});

test("an aborted wait rejects at once", async () => {
  const forever = new Promise<never>(() => {});
  const controller = new AbortController();
  expect(await unlessAborted(controller.signal, Promise.resolve("done"))).toBe("done");
  const waiting = unlessAborted(controller.signal, forever);
  controller.abort();
  await expect(waiting).rejects.toBe(controller.signal.reason);
  await expect(unlessAborted(controller.signal, forever)).rejects.toBe(controller.signal.reason);
});
