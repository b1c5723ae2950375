import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { onlyPart } from "#jobs/only-part.ts";
import { createParts } from "#jobs/parts.ts";
import { partsRepository } from "#jobs/parts-repository.ts";
import { cancelOfParentJob } from "#lib/engine/flow-control.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const UNITS = 505;
const partRef = z.object({ parentJobId: z.string().optional(), part: z.number().optional() });

test("a part that needs more steps than a run may have is finished by a second run, which completes the job", async () => {
  const shop: Workshop = await workshop({
    checkpointing: true,
    functions: ({ inngest, onFailure, db, clock }) => {
      const parts = createParts(partsRepository(db, clock));
      return [
        inngest.createFunction(
          {
            id: "count",
            triggers: [{ event: "test/count" }],
            retries: 3,
            onFailure,
            cancelOn: cancelOfParentJob("count"),
          },
          async ({ event, ...run }) => {
            const parsed = { id: event.id, name: event.name, data: partRef.parse(event.data) };
            const part = await onlyPart(parts, { ...run, event: parsed }, "count", async () => ({
              parts: [{ first: 1, last: UNITS, total: UNITS }],
              cursor: null,
            }));
            if (part === undefined) return {};
            return parts.work(part, { policy: "dataSync" }, async ({ id, token, next }) => {
              const [row] = await shop.rows(
                `select private.settle_part($1, $2, '{"done": 1}', $3, $4) as state`,
                [id, token, next + 1, clock.now()],
              );
              return row.state;
            });
          },
        ),
      ];
    },
  });
  try {
    const id = randomUUID();
    await shop.engine.send({ id, name: "test/count", data: {} });
    const job = async () =>
      (await shop.rows("select status, progress_done::int as done from jobs where event_id = $1", [id]))[0];
    await shop.engine.waitFor(async () => (await job())?.status === "completed", { within: "1h" });
    await shop.engine.idle();
    expect(await job()).toEqual({ status: "completed", done: UNITS });
    expect(shop.engine.runs("count")).toHaveLength(2);
    expect(await shop.rows("select from jobs")).toHaveLength(1);
    expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  } finally {
    await shop.close();
  }
}, 120_000);
