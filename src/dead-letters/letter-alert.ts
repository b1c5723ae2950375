import { cut } from "#lib/cut.ts";
import type { Logger } from "#lib/logger.ts";
import { maskPersonal } from "#lib/mask-personal.ts";
import { categoryOf } from "#lib/outside/provider-answer.ts";
import type { ErrorReporter } from "#lib/outside/sentry.ts";
import type { Slack } from "#lib/outside/slack.ts";
import type { Failure } from "./failure.ts";
import type { Redact } from "./redact.ts";
import type { DeadLetterRepository } from "./repository.ts";

export type AlertedFailure = Pick<
  Failure,
  "eventId" | "eventName" | "eventData" | "functionId" | "runId" | "error"
>;
export type LetterAlert = ReturnType<typeof createLetterAlert>;

type Dependencies = {
  letters: Pick<DeadLetterRepository, "claimAlert" | "confirmReport" | "confirmAlert">;
  slack: Slack;
  reporter: ErrorReporter;
  redact: Redact;
  logger: Logger;
};

/**
 * Sends the alert of a dead letter once: only the process that has claimed the letter in the database sends it. If that
 * process dies, another process may claim the letter later, so an alert may be sent twice but is never lost. The alert
 * is repeated while Slack does not answer, but the log entry and the Sentry report are not repeated.
 */
export const createLetterAlert =
  ({ letters, slack, reporter, redact, logger }: Dependencies) =>
  async (letterId: string, about: AlertedFailure, claimant: string): Promise<"alerted" | "busy" | "done"> => {
    const { state, durationMs } = await letters.claimAlert(letterId, claimant);
    if (state === "busy" || state === "done") return state;
    const message = redact.text(about.error.message);
    const stack = maskPersonal(cut(about.error.stack ?? ""));
    const facts = {
      letterId,
      functionId: about.functionId,
      eventName: about.eventName,
      eventId: redact.text(about.eventId),
      runId: about.runId,
      code: about.error.code ?? "internal",
      category: categoryOf(about.error),
    };
    if (state === "claimed") {
      const duration = durationMs === null ? {} : { durationMs };
      logger.error({ ...facts, jobType: about.eventName, ...duration, error: message, stack }, "job failed");
      await reporter.report({ message, stack: about.error.stack, tags: facts });
      await letters.confirmReport(letterId);
    }
    await slack.send({
      channel: "#alerts",
      severity: "error",
      text: `${about.functionId} failed for good: ${message}`,
      details: { ...facts, ...redact.event(about.eventName, about.eventData) },
    });
    await letters.confirmAlert(letterId);
    return "alerted";
  };
