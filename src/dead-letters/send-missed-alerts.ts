import { isErrorCode } from "#lib/errors.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";
import type { AlertedFailure, LetterAlert } from "./letter-alert.ts";
import type { DeadLetterRepository } from "./repository.ts";
import type { DeadLetter } from "./rows.ts";

type Dependencies = { letters: Pick<DeadLetterRepository, "unalerted">; alert: LetterAlert };

const GRACE_MS = 5 * 60_000;
const BATCH = 20;

/**
 * Sends the alerts that were not sent, because Slack did not answer or the process died. An alert that cannot be sent
 * does not stop the others.
 */
export const sendMissedAlerts = ({ letters, alert }: Dependencies): Chore => ({
  name: "alerts",
  async run(deadline) {
    const unalerted = await letters.unalerted(GRACE_MS, BATCH);
    const told = await eachOf(
      unalerted,
      deadline,
      ({ id }) => id,
      async (letter) => (await alert(letter.id, failureOf(letter), "housekeeping")) === "alerted",
    );
    return { told };
  },
});

function failureOf(letter: DeadLetter): AlertedFailure {
  const { error_code: code, error_message: message, error_stack: stack } = letter;
  return {
    eventId: letter.event_id,
    eventName: letter.event_name,
    eventData: letter.event_data,
    functionId: letter.function_id,
    runId: letter.run_id,
    error: { code: isErrorCode(code) ? code : null, message: message ?? "", stack },
  };
}
