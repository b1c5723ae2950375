import { room } from "#lib/room.ts";
import { deadLetterRoutes } from "./routes.ts";
import { tellUnalerted } from "./tell-unalerted.ts";
import { watchRuns } from "./watch-runs.ts";

type Dependencies = Parameters<typeof deadLetterRoutes>[0] &
  Parameters<typeof watchRuns>[0] &
  Parameters<typeof tellUnalerted>[0];

export const deadLetters = room<Dependencies>({
  name: "dead-letters",
  routes: deadLetterRoutes,
  chores: (deps) => [watchRuns(deps), tellUnalerted(deps)],
});
