import { expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { createLogger } from "#lib/logger.ts";

/** What a call of the logger writes. */
function written(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(
    createLogger(
      { LOG_LEVEL: "info", NIGHTSHIFT_ENV: "preview" },
      { write: (line) => void lines.push(line) },
    ),
  );
  return lines.join("");
}

test("S4-46: a line is JSON, with the ids it was given", () => {
  const line = written((logger) => logger.info({ jobId: "j1", runId: "r1", eventId: "e1" }, "started"));
  expect(JSON.parse(line)).toMatchObject({
    env: "preview",
    jobId: "j1",
    runId: "r1",
    eventId: "e1",
    msg: "started",
  });
});

test("nothing personal is written, however deep the error hides it", () => {
  const cause = new Error("550 ada@example.com unknown", {
    cause: { code: "provider_rejected", body: "ada@example.com" },
  });
  const err = new AppError("provider_rejected", "ada@example.com bounced", {
    cause: new AggregateError([cause]),
  });
  const line = written((logger) =>
    logger.error({ err, email: "ada@example.com", data: { email: "ada@example.com" } }, "failed"),
  );
  expect(line).not.toContain("ada@");
  expect(JSON.parse(line).err).toMatchObject({
    type: "AppError",
    code: "provider_rejected",
    message: "[address] bounced",
  });
  expect(line).toContain("550 [address] unknown");
});

test("a stack keeps its paths, those of scoped packages too", () => {
  const err = new Error("x");
  err.stack = "Error: x\n    at f (/site/node_modules/@supabase/auth-js/main.js:1:1)";
  expect(written((logger) => logger.error({ err }, "failed"))).toContain(
    "node_modules/@supabase/auth-js/main.js",
  );
});

test("an error that refers to itself does no harm", () => {
  const err = new Error("x");
  err.cause = err;
  expect(() => written((logger) => logger.error({ err }, "failed"))).not.toThrow(Error);
});
