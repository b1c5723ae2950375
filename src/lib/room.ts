import type { Check } from "#lib/check.ts";
import type { Env } from "#lib/env.ts";
import type { Fact } from "#lib/fact.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { Route } from "#lib/http/route.ts";
import type { Schedule } from "#lib/schedule.ts";

/**
 * The parts of a feature that the application uses, except its functions. `functions.ts` lists the functions, because
 * only the door that runs them bundles their packages. `Dependencies` is the part of the platform that the room needs.
 */
export type Room<Dependencies> = {
  name: string;
  routes?: (deps: Dependencies) => Route[];
  /** The room's tasks of housekeeping. */
  chores?: (deps: Dependencies) => Chore[];
  /** The room's work at regular times. */
  schedules?: (env: Env) => readonly Schedule[];
  /** The services that the room's work needs; `/api/ready` checks them. */
  checks?: (deps: Dependencies) => Check[];
  /** The facts that the room publishes, for the catalog of webhooks. */
  facts?: readonly Fact[];
  /** For each event, the fields of its data that alerts may show: ids and numbers, no personal data. */
  visibleFields?: Record<string, readonly string[]>;
};

/** Declares a room, and keeps the exact type of its dependencies. */
export const room = <Dependencies>(one: Room<Dependencies>): Room<Dependencies> => one;
