import type { OnFailure } from "#dead-letters/on-failure.ts";
import { erasePersonRequested } from "#erasures/events.ts";
import type { ErasureRepository } from "#erasures/repository.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  inngest: InngestClient;
  erasures: Pick<ErasureRepository, "erasePiece" | "get">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** A step erases this many pieces, so that it ends well within the 60 s of a request. */
const PIECES_PER_STEP = 50;
/**
 * A campaign that is being sent needs its recipients: the run waits this long and tries again, for at most two weeks.
 */
const PAUSE = "1h";
const MAX_ROUNDS = 14 * 24;
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
      for (let count = 1, rounds = 1; count <= MAX_STEPS && rounds <= MAX_ROUNDS; count += 1) {
        const state = await step.run(`erase-${count}`, async () => {
          let now = await erasures.erasePiece(erasureId);
          for (let piece = 1; now === "more" && piece < PIECES_PER_STEP; piece += 1) {
            now = await erasures.erasePiece(erasureId);
          }
          return now;
        });
        if (state === "done") break;
        if (state === "waiting") await step.sleep(`wait-${(rounds += 1)}`, PAUSE);
      }
      return step.run("receipt", async () => ({
        erasureId,
        counts: (await erasures.get(erasureId))?.counts ?? {},
      }));
    },
  );
