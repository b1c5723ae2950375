import { z } from "zod";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, type Requester, type Route, route } from "#lib/http/route.ts";
import { IMAGES_BUCKET, PICTURE_TYPES } from "#lib/pictures/kind.ts";

type Shown = {
  path: string;
  summary: string;
  /** Where the picture lies; null while there is none. Throws when nothing of this requester has the id. */
  find(id: string, requester: Requester): Promise<string | null>;
};

/** Gives out the bytes of a picture: the bucket is private, who may see the thing may see its picture. */
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
      if (!picture) throw new AppError("not_found", "This picture is not there yet");
      // Stays uncached as every answer does (the router says so): the next user of this browser may not be allowed to see it.
      return new Response(Buffer.from(picture.bytes), { headers: { "content-type": picture.contentType } });
    },
  });
