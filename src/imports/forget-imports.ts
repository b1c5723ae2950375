import type { ImportRepository } from "#imports/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

const BATCH = 2_000;

/**
 * Deletes uploaded files that no import needs any more, and imports that ended more than 30 days ago, together with
 * their rows.
 */
export const forgetImports = (imports: Pick<ImportRepository, "purge">): Chore => ({
  name: "imports",
  canWait: true,
  async run(deadline) {
    let removed = 0;
    for (;;) {
      const count = await imports.purge(BATCH);
      removed += count;
      if (count === 0 || deadline.isOver()) return { removed };
    }
  },
});
