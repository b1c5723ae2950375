import { z } from "zod";
import type { ImageDesk } from "#images/desk-repository.ts";
import { IMAGES_BUCKET } from "#images/paths.ts";
import { PICTURE_TYPES } from "#images/picture-kind.ts";
import type { Task } from "#images/task.ts";
import { ownerOf } from "#images/task-routes.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, type Route, route } from "#lib/http.ts";
import type { Storage } from "#lib/storage.ts";

type Dependencies = { desk: Pick<ImageDesk, "get">; storage: Pick<Storage, "get"> };

/** The pictures themselves: the bucket is private, who may see the task may see its picture. */
export const pictureRoutes = (deps: Dependencies): Route[] => [
  pictureRoute(deps, "image", "The picture of a completed task", (task) => task.image_path),
  pictureRoute(deps, "thumbnail", "The same, inside 800×800", (task) => task.thumbnail_path),
];

const pictureRoute = (
  { desk, storage }: Dependencies,
  name: string,
  summary: string,
  pathOf: (task: Task) => string | null,
): Route =>
  route({
    method: "GET",
    path: `/api/tasks/:id/${name}`,
    policy: "app",
    summary,
    params: idParams,
    responses: { 200: z.string() },
    answers: PICTURE_TYPES,
    handler: async ({ params, requester }) => {
      const path = pathOf(await desk.get(params.id, ownerOf(requester)));
      const picture = path === null ? undefined : await storage.get(IMAGES_BUCKET, path);
      if (!picture) throw new AppError("not_found", "The task has no picture yet");
      return new Response(Buffer.from(picture.bytes), {
        headers: { "content-type": picture.contentType, "cache-control": "private, max-age=3600" },
      });
    },
  });
