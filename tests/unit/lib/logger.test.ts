import { expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { addLogContext, createLogger, withLogContext } from "#lib/logger.ts";

/** The text that a call of the logger writes. */
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

test("a line is JSON with the context of the work, and its own fields override the context", () => {
  const line = written((logger) =>
    withLogContext({ jobId: "j1", runId: "r1" }, () => {
      addLogContext({ eventId: "e1" });
      logger.info({ runId: "r2" }, "started");
    }),
  );
  expect(JSON.parse(line)).toMatchObject({
    env: "preview",
    jobId: "j1",
    runId: "r2",
    eventId: "e1",
    msg: "started",
  });
});

test("the context of one piece of work does not appear in the lines of others", async () => {
  const lines: string[] = [];
  const logger = createLogger({}, { write: (line) => void lines.push(line) });
  const work = (jobId: string) =>
    withLogContext({ jobId }, async () => {
      await Promise.resolve();
      addLogContext({ eventId: `of ${jobId}` });
      await Promise.resolve();
      logger.info(jobId);
    });
  await Promise.all([work("j1"), work("j2")]);
  addLogContext({ jobId: "nobody's" });
  logger.info("after");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ msg: "j1", jobId: "j1", eventId: "of j1" }),
    expect.objectContaining({ msg: "j2", jobId: "j2", eventId: "of j2" }),
    expect.not.objectContaining({ jobId: expect.anything() }),
  ]);
});

test("personal data is masked, however deep in an error it is", () => {
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

test("a stack keeps its paths, even those of scoped packages", () => {
  const err = new Error("x");
  err.stack = "Error: x\n    at f (/site/node_modules/@supabase/auth-js/main.js:1:1)";
  expect(written((logger) => logger.error({ err }, "failed"))).toContain(
    "node_modules/@supabase/auth-js/main.js",
  );
});

test("an error that refers to itself can be logged", () => {
  const err = new Error("x");
  err.cause = err;
  expect(() => written((logger) => logger.error({ err }, "failed"))).not.toThrow(Error);
});
