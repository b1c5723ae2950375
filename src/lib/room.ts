import type { Check } from "#lib/check.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { Route } from "#lib/http/route.ts";

/**
 * What a feature hands over to the application, besides its functions: those stand in `functions.ts`, because only the
 * door that runs them carries their packages. `Dependencies` is the part of the platform that the room asks for.
 */
export type Room<Dependencies> = {
  name: string;
  routes?: (deps: Dependencies) => Route[];
  /** Its part of housekeeping. */
  chores?: (deps: Dependencies) => Chore[];
  /** What must answer before its work can be done, for `/api/ready`. */
  checks?: (deps: Dependencies) => Check[];
  /** Event name → the fields of its data that alerts may show: ids and numbers, nothing about people. */
  visibleFields?: Record<string, readonly string[]>;
};

/** Names a room without widening what it asks for. */
export const room = <Dependencies>(one: Room<Dependencies>): Room<Dependencies> => one;
