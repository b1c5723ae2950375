import { NonRetriableError } from "inngest";
import { drawingsOf } from "#images/lanes.ts";
import { picturePath } from "#images/paths.ts";
import type { ImageProvider, PictureOrder } from "#images/provider.ts";
import type { AttemptOutcome, ImageRepository, TaskOfEvent } from "#images/repository.ts";
import type { Clock } from "#lib/clock.ts";
import type { Storage } from "#lib/database/storage.ts";
import { delayMs } from "#lib/engine/retry-policy.ts";
import { AppError, codeOf, type ErrorCode, meaningOf } from "#lib/errors.ts";
import { IMAGES_BUCKET } from "#lib/pictures/kind.ts";

export type DrawDependencies = {
  images: Pick<ImageRepository, "begin" | "end">;
  provider: ImageProvider;
  storage: Pick<Storage, "put" | "remove">;
  clock: Clock;
  /** After this time an attempt without an answer counts as ended: the provider's time limit and a margin. */
  leaseMs: number;
  /** Width and height in pixels. */
  size: number;
};

/** `drawn`: the picture is stored. `wait`: this task may not call the provider yet. */
export type DrawOutcome = { state: "drawn" | "ended" | "taken" | "gone" } | { state: "wait"; waitMs: number };

/**
 * One attempt: starts, draws, stores the picture, and records the outcome. Throws the error that ended the attempt.
 * `leftMs` returns how long the picture is still wanted.
 */
export async function drawImage(
  deps: DrawDependencies,
  work: TaskOfEvent,
  leftMs: () => number,
): Promise<DrawOutcome> {
  const begun = await deps.images.begin(work, deps.leaseMs, drawingsOf(deps.provider.name));
  if (begun.state !== "draw") return begun;

  const path = picturePath(work.taskId);
  const order = orderOf(work.taskId, begun.prompt, deps.size);
  const failure = await drawAndStore(deps, order, leftMs(), path).then(
    () => undefined,
    (error: unknown) => atOurPace(error, begun.attempt),
  );
  const outcome = failure === undefined ? { imagePath: path } : outcomeOf(failure, deps.clock);
  const noted = await deps.images.end(work.taskId, begun.token, outcome);
  if (noted === "lost") throw new AppError("conflict", "A later attempt draws this picture");
  if (noted === "ended") {
    // The task was canceled while it was drawn, so its picture is not wanted. The next task has started.
    await deps.storage.remove(IMAGES_BUCKET, [path]);
    return { state: "ended" };
  }
  if (failure !== undefined) throw failure;
  return { state: "drawn" };
}

async function drawAndStore(
  { provider, storage }: DrawDependencies,
  order: PictureOrder,
  leftMs: number,
  path: string,
) {
  await storage.put(IMAGES_BUCKET, path, await provider.draw(order, leftMs));
}

/** The seed is computed from the task, so that a repeated drawing gives the same picture. */
const orderOf = (taskId: string, prompt: string, size: number): PictureOrder => ({
  taskId,
  prompt,
  seed: Number.parseInt(taskId.slice(0, 7), 16),
  width: size,
  height: size,
});

/**
 * After an error of the provider, waits as the source documents say (S1-3): 2, 4, 8, 16 s, or as long as the provider
 * asks when that is longer. The fifth failure is final. Other errors are not changed.
 */
export function atOurPace(error: unknown, attempt: number, random = Math.random()): Error {
  if (!(error instanceof AppError)) return error instanceof Error ? error : new Error(String(error));
  if (!isTemporaryProviderFailure(error.code)) return error;
  const delay = delayMs("task", attempt, random);
  if (delay === undefined) return new NonRetriableError(error.message, { cause: { code: error.code } });
  const retryAfterMs = Math.max(delay, error.retryAfterMs ?? 0);
  return new AppError(error.code, error.message, { cause: error, retryAfterMs });
}

const isTemporaryProviderFailure = (code: ErrorCode): boolean =>
  code.startsWith("provider_") && meaningOf(code).retry !== "stop";

function outcomeOf(error: Error, clock: Clock): AttemptOutcome {
  const noted = { code: codeOf(error) ?? "internal", message: error.message };
  if (!(error instanceof AppError) || !isTemporaryProviderFailure(error.code)) return noted;
  const retryAtMs = clock.now().getTime() + (error.retryAfterMs ?? 0);
  return { ...noted, retryAt: new Date(retryAtMs).toISOString() };
}
