import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import type { Chore } from "#lib/housekeeping.ts";
import { room } from "#lib/room.ts";
import { type FlagRepository, flagRepository } from "#rollout/repository.ts";
import type { Rollout } from "#rollout/rollout.ts";
import { flagRoutes } from "#rollout/routes.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock; rollout: Rollout };

const flagsOf = ({ env, db, clock }: Dependencies) => flagRepository(db, clock, env.NIGHTSHIFT_ENV);

export const rollout = room<Dependencies>({
  name: "rollout",
  routes: (deps) => flagRoutes({ ...deps, flags: flagsOf(deps) }),
  chores(deps) {
    const flags = flagsOf(deps);
    return [
      queueLeft(flags, deps.clock),
      deleteOld({ name: "flag-decisions", keepDays: 90, clock: deps.clock, some: flags.forget }),
    ];
  },
});

/** The functions whose work a request may do itself. */
const HELD_FUNCTIONS = ["send-email-campaign"];
/** No request lasts longer than this. */
const REQUEST_MS = 120_000;
const BATCH = 100;

/** Releases held jobs to the queue when the request that held them has died. */
const queueLeft = (flags: Pick<FlagRepository, "queueLeft">, clock: Clock): Chore => ({
  name: "held-jobs",
  async run() {
    const before = new Date(clock.now().getTime() - REQUEST_MS);
    let queued = 0;
    for (const functionId of HELD_FUNCTIONS) queued += await flags.queueLeft(functionId, before, BATCH);
    return { queued };
  },
});
