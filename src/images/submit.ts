import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ImageDesk } from "#images/desk-repository.ts";
import { generateImageRequested } from "#images/events.ts";
import { LANES, type LaneName, submissionsOf } from "#images/lanes.ts";
import { type JobOptions, request } from "#jobs/request.ts";
import type { Requester } from "#lib/http/route.ts";
import { addLogContext } from "#lib/logger.ts";

export const promptText = z.string().trim().min(1).max(2000);

type Wish = Pick<JobOptions, "priority" | "deadlineAt"> & { prompt: string; lane: LaneName };
type Dependencies = { desk: Pick<ImageDesk, "accept"> };

/** Accepts one picture; the task as it stands then. Its lane lets it begin, now or later. */
export async function submit(
  { desk }: Dependencies,
  requester: Requester,
  { prompt, lane, ...options }: Wish,
  key: string | undefined,
) {
  const id = randomUUID();
  const said = { lane, prompt };
  const wanted = request(
    generateImageRequested,
    { taskId: id },
    { ...options, requester, key, said, id, held: true },
  );
  const task = await desk.accept(LANES[lane], prompt, submissionsOf(requester.owner), wanted);
  addLogContext({ jobId: task.job_id });
  return task;
}
