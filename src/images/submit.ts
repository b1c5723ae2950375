import { randomUUID } from "node:crypto";
import type { ImageApiRepository } from "#images/api-repository.ts";
import { generateImageRequested } from "#images/events.ts";
import { LANES, type LaneName, submissionsOf } from "#images/lanes.ts";
import { MOST_PROMPT_BYTES } from "#images/provider.ts";
import { type JobOptions, request } from "#jobs/request.ts";
import { trimmedText } from "#lib/http/fields.ts";
import type { Requester } from "#lib/http/route.ts";
import { addLogContext } from "#lib/logger.ts";

/** Counts the bytes of the encoded prompt, as the provider does, so that no accepted task fails for a long prompt. */
export const promptText = trimmedText(2000).refine(
  (prompt) => Buffer.byteLength(encodeURIComponent(prompt)) <= MOST_PROMPT_BYTES,
  `must be at most ${MOST_PROMPT_BYTES} bytes long when it is encoded for an address: about 770 Chinese or 2,000 Latin characters`,
);

type Wish = Pick<JobOptions, "priority" | "deadlineAt"> & { prompt: string; lane: LaneName };
type Dependencies = { images: Pick<ImageApiRepository, "accept"> };

/** Accepts one picture and returns its task. The lane decides when the task starts. */
export async function submit(
  { images }: Dependencies,
  requester: Requester,
  { prompt, lane, ...options }: Wish,
  key: string | undefined,
) {
  const id = randomUUID();
  const comparedData = { lane, prompt };
  const wanted = request(
    generateImageRequested,
    { taskId: id },
    { ...options, requester, key, comparedData, id, held: true },
  );
  const task = await images.accept(LANES[lane], prompt, submissionsOf(requester.owner), wanted);
  addLogContext({ jobId: task.job_id });
  return task;
}
