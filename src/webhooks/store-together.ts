import type { SendableJob } from "#jobs/rows.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import type { Arrival, WebhookRepository } from "#webhooks/repository.ts";

/** The most webhooks, and about the most characters, that one statement stores. */
const MOST_WEBHOOKS = 50;
const MOST_CHARACTERS = 1_000_000;
/**
 * When this many webhooks or characters wait, the next webhook is refused, because a slow database must not fill the
 * memory. Each webhook is held as bytes and as text, so 32,000,000 characters
 * are 64 MB of ASCII, and at most 160 MB.
 */
const MOST_WAITING = 1_000;
const MOST_WAITING_CHARACTERS = 32_000_000;

type Waiting = {
  arrival: Arrival;
  resolve: (job: SendableJob | undefined) => void;
  reject: (error: unknown) => void;
};

/**
 * Stores webhooks, and returns the new job of each. Webhooks that arrive while a statement is under way are stored
 * together by the next one, because a statement for 20 webhooks costs much less than 20 statements. Each caller is
 * answered after the statement that stores its webhook has committed.
 */
export function createStoreTogether({ receive }: Pick<WebhookRepository, "receive">) {
  const waiting: Waiting[] = [];
  let waitingCharacters = 0;
  let isStoring = false;

  return (arrival: Arrival): Promise<SendableJob | undefined> =>
    new Promise((resolve, reject) => {
      const characters = waitingCharacters + arrival.webhook.body.length;
      if (waiting.length >= MOST_WAITING || characters > MOST_WAITING_CHARACTERS)
        throw new AppError("database_unavailable", "Too many webhooks wait for the database");
      waiting.push({ arrival, resolve, reject });
      waitingCharacters = characters;
      if (!isStoring) void storeWaiting();
    });

  async function storeWaiting(): Promise<void> {
    isStoring = true;
    while (waiting.length > 0) await storeGroup(take(sizeOfGroup()));
    isStoring = false;
  }

  function take(count: number): Waiting[] {
    const taken = waiting.splice(0, count);
    for (const { arrival } of taken) waitingCharacters -= arrival.webhook.body.length;
    return taken;
  }

  function sizeOfGroup(): number {
    let characters = 0;
    const size = waiting.findIndex(({ arrival }, n) => {
      characters += arrival.webhook.body.length;
      return n > 0 && (n === MOST_WEBHOOKS || characters > MOST_CHARACTERS);
    });
    return size === -1 ? waiting.length : size;
  }

  async function storeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const jobs = await receive(group.map(({ arrival }) => arrival));
      const jobOf = new Map(jobs.map((job) => [job.id, job]));
      for (const { arrival, resolve } of group) resolve(jobOf.get(arrival.webhook.id));
    } catch (error) {
      if (codeOf(error) === "database_unavailable") {
        // The waiting webhooks fail too, because otherwise they would wait for one timeout after the other.
        for (const { reject } of [...group, ...take(waiting.length)]) reject(error);
      } else if (group.length > 1) {
        // One webhook of the group cannot be stored. So each webhook is stored alone, and the others succeed.
        await Promise.all(group.map((one) => storeGroup([one])));
      } else {
        for (const { reject } of group) reject(error);
      }
    }
  }
}
