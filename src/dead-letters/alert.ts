import type { Logger } from "#lib/logger.ts";
import { categoryOf } from "#lib/outside/provider-answer.ts";
import type { ErrorReporter } from "#lib/outside/sentry.ts";
import type { Slack } from "#lib/outside/slack.ts";
import type { Failure } from "./failure.ts";
import type { Redact } from "./redact.ts";
import type { DeadLetterRepository } from "./repository.ts";

export type AlertAbout = Pick<
  Failure,
  "eventId" | "eventName" | "eventData" | "functionId" | "runId" | "error"
>;
export type Alert = ReturnType<typeof createAlert>;

type Dependencies = {
  letters: Pick<DeadLetterRepository, "claimAlert" | "confirmReport" | "confirmAlert">;
  slack: Slack;
  reporter: ErrorReporter;
  redact: Redact;
  logger: Logger;
};

/**
 * Tells people about a letter, once: whoever claims it in the database does. A claimant that dies leaves the letter
 * to the next who asks; at worst it is told twice, never not at all. The log and Sentry do not hear of it again while
 * Slack is away.
 */
export const createAlert =
  ({ letters, slack, reporter, redact, logger }: Dependencies) =>
  async (letterId: string, about: AlertAbout, claimant: string): Promise<"alerted" | "busy" | "done"> => {
    const claim = await letters.claimAlert(letterId, claimant);
    if (claim === "busy" || claim === "done") return claim;
    const message = redact.text(about.error.message);
    const facts = {
      letterId,
      functionId: about.functionId,
      eventName: about.eventName,
      eventId: redact.text(about.eventId),
      runId: about.runId,
      code: about.error.code ?? "internal",
      category: categoryOf(about.error),
    };
    if (claim === "claimed") {
      logger.error(facts, "work failed for good");
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
