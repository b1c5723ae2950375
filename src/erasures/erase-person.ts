import type { OnFailure } from "#dead-letters/on-failure.ts";
import { erasePersonRequested } from "#erasures/events.ts";
import type { ErasureRepository } from "#erasures/repository.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = {
  inngest: InngestClient;
  erasures: Pick<ErasureRepository, "erasePiece" | "get">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** How many pieces one step erases. Such a step ends well within the 60 s of a request. */
const PIECES_PER_STEP = 50;
/**
 * A campaign that is being sent needs its recipients, so the run tries again later: every hour on the first day, and
 * every six hours on the next 13 days. The tries become rarer because each one is billed.
 */
const HOURLY = 24;
const MAX_ROUNDS = HOURLY + 13 * 4;
const pauseBefore = (round: number) => (round <= HOURLY ? "1h" : "6h");
/** Work that read the address before it was erased has written it to other rows by then. */
const SECOND_LOOK = "1m";
/** Inngest ends a run after 1,000 steps. */
const MAX_STEPS = 900;

/** Erases a person from every table that a room has registered. The job's result is the receipt. */
export const erasePerson = ({ inngest, erasures, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "erase-person",
      triggers: [erasePersonRequested],
      concurrency: [flow.concurrency(2)],
      ...tries("dataSync"),
      onFailure,
    },
    async ({ event, step }) => {
      const { erasureId } = event.data;
      for (let count = 1, rounds = 0; count <= MAX_STEPS; count += 1) {
        const state = await step.run(`erase-${count}`, async () => {
          let now = await erasures.erasePiece(erasureId);
          for (let piece = 1; now === "more" && piece < PIECES_PER_STEP; piece += 1) {
            now = await erasures.erasePiece(erasureId);
          }
          return now;
        });
        if (state === "done") {
          return step.run("receipt", async () => ({
            erasureId,
            counts: (await erasures.get(erasureId))?.counts ?? {},
          }));
        }
        if (state === "more") continue;
        if (rounds === MAX_ROUNDS) break;
        rounds += 1;
        await step.sleep(`wait-${rounds}`, state === "again" ? SECOND_LOOK : pauseBefore(rounds));
      }
      throw new AppError(
        "conflict",
        "The address is still used, for instance by a campaign that is being sent",
        {
          hint: "End the work that uses the address, then reprocess this dead letter.",
        },
      );
    },
  );
