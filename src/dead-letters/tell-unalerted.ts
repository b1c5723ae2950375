import { isErrorCode } from "#lib/errors.ts";
import { allOf, type Chore } from "#lib/housekeeping.ts";
import type { Alert } from "./alert.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = { letters: Pick<DeadLetterRepository, "unalerted">; alert: Alert };

const GRACE_MS = 5 * 60_000;
const BATCH = 20;

/**
 * Alerts that got lost on their way (Slack was down, the process died) are told late rather than never. One that
 * cannot be told keeps no other from being told.
 */
export const tellUnalerted = ({ letters, alert }: Dependencies): Chore => ({
  name: "alerts",
  async run(deadline) {
    let told = 0;
    const failures: unknown[] = [];
    for (const letter of await letters.unalerted(GRACE_MS, BATCH)) {
      if (deadline.isOver()) break;
      const { error_code: code, error_message: message, error_stack: stack } = letter;
      const about = {
        eventId: letter.event_id,
        eventName: letter.event_name,
        eventData: letter.event_data,
        functionId: letter.function_id,
        runId: letter.run_id,
        error: { code: isErrorCode(code) ? code : null, message: message ?? "", stack },
      };
      try {
        if ((await alert(letter.id, about, "housekeeping")) === "alerted") told++;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw allOf(failures, `${failures.length} alerts failed, ${told} were told`);
    return { told };
  },
});
