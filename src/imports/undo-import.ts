import type { OnFailure } from "#dead-letters/on-failure.ts";
import { importUndoRequested } from "#imports/events.ts";
import { isAboutContent } from "#imports/refused-content.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { onlyPart } from "#jobs/only-part.ts";
import type { Parts, Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import { cancelOfParentJob } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  inngest: InngestClient;
  imports: Pick<ImportRepository, "countUndo" | "undo" | "keepAsConflict">;
  parts: Pick<Parts, "plan" | "work">;
  flow: FlowControl;
  onFailure: OnFailure;
};

const ROWS = 1_000;

/**
 * Undoes an import, a thousand rows at a time. The job has one part, so that a later run continues where the work
 * stopped.
 */
export const undoImport = ({ inngest, imports, parts, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "undo-import",
      triggers: [importUndoRequested],
      concurrency: [flow.concurrency(5), flow.concurrency(1, "event.data.userId")],
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("undo-import"),
      onFailure,
    },
    async (run) => {
      const { importId } = run.event.data;
      const part = await onlyPart(parts, run, "undo-import", async () => {
        const total = await imports.countUndo(importId);
        return {
          parts: total > 0 ? [{ first: 1, last: total, total }] : [],
          cursor: null,
          result: { importId },
        };
      });
      if (part === undefined) return { importId, undone: 0 };
      return parts.work(part, { policy: "dataSync" }, (claimed, time) =>
        undoRows(imports, importId, claimed, time),
      );
    },
  );

/**
 * Rows that other rows refer to cannot be deleted. The set is halved until these rows are found; then they are listed.
 */
async function undoRows(
  imports: Pick<ImportRepository, "undo" | "keepAsConflict">,
  importId: string,
  part: Part,
  time: StepTime,
): Promise<Worked> {
  let rows = ROWS;
  for (;;) {
    try {
      const state = await imports.undo(part, importId, rows);
      if (state !== "open" || time.isLate()) return state;
      rows = Math.min(ROWS, rows * 2);
    } catch (error) {
      if (!isAboutContent(error)) throw error;
      if (rows === 1) await imports.keepAsConflict(part, importId);
      rows = Math.ceil(rows / 2);
    }
  }
}
