import { z } from "zod";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, type Requester, type Route, route } from "#lib/http/route.ts";
import { IMAGES_BUCKET, PICTURE_TYPES } from "#lib/pictures/kind.ts";

type Shown = {
  path: string;
  summary: string;
  /** The path of the image; null when there is none yet. Throws when the requester has nothing with this id. */
  find(id: string, requester: Requester): Promise<string | null>;
};

/** Serves the bytes of an image. The bucket is private, so this route reads it for requesters who may see the row. */
export const pictureRoute = (storage: Pick<Storage, "get">, { path, summary, find }: Shown): Route =>
  route({
    method: "GET",
    path,
    policy: "user",
    summary,
    params: idParams,
    responses: { 200: z.string() },
    answers: PICTURE_TYPES,
    handler: async ({ params, requester }) => {
      const file = await find(params.id, requester);
      const picture = file === null ? undefined : await storage.get(IMAGES_BUCKET, file);
      if (!picture) throw new AppError("not_found", "This picture does not exist yet");
      // The router forbids browsers to cache any answer, because the next user of this browser may not be allowed to see
      // the image.
      return new Response(Buffer.from(picture.bytes), { headers: { "content-type": picture.contentType } });
    },
  });
