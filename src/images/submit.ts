import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ImageDesk } from "#images/desk-repository.ts";
import { LANES, type LaneName, submissionsOf } from "#images/lanes.ts";
import { allowedPriority, limitsFor } from "#jobs/limits.ts";
import type { Outbox } from "#jobs/outbox.ts";
import type { Priority } from "#lib/engine/priorities.ts";
import type { Requester } from "#lib/http/route.ts";
import { addLogContext } from "#lib/logger.ts";

export const promptText = z.string().trim().min(1).max(2000);

type Wish = {
  prompt: string;
  lane: LaneName;
  priority?: Priority | undefined;
  deadlineAt?: string | undefined;
};
type Dependencies = { desk: Pick<ImageDesk, "accept">; outbox: Pick<Outbox, "send"> };

/** Accepts one picture and sends on its way whoever may start; the task as it stands then. */
export async function submit(
  { desk, outbox }: Dependencies,
  requester: Requester,
  { prompt, lane, priority, deadlineAt }: Wish,
  idempotencyKey: string | undefined,
) {
  const limits = limitsFor("generate-image", { priority: allowedPriority(requester, priority) });
  const { task, started } = await desk.accept({
    taskId: randomUUID(),
    lane: LANES[lane],
    prompt,
    owner: requester.owner,
    requester: requester.id,
    idempotencyKey,
    submissions: submissionsOf(requester.owner),
    // The lane itself says when it is full, and the lane releases.
    limits: {
      perSecond: limits.perSecond,
      priority: limits.priority,
      held: true,
      ...(deadlineAt === undefined ? {} : { deadlineAt }),
    },
  });
  addLogContext({ jobId: task.job_id });
  await outbox.send(started);
  return task;
}
