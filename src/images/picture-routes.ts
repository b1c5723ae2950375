import type { ImageApiRepository } from "#images/api-repository.ts";
import type { Storage } from "#lib/database/storage.ts";
import { ownerOf, type Route } from "#lib/http/route.ts";
import { pictureRoute } from "#lib/pictures/route.ts";

type Dependencies = { images: Pick<ImageApiRepository, "get">; storage: Pick<Storage, "get"> };

/** The routes of the tasks' pictures. */
export const pictureRoutes = ({ images, storage }: Dependencies): Route[] => [
  pictureRoute(storage, {
    path: "/api/tasks/:id/image",
    summary: "The picture of a completed task",
    find: async (id, requester) => (await images.get(id, ownerOf(requester))).image_path,
  }),
  pictureRoute(storage, {
    path: "/api/tasks/:id/thumbnail",
    summary: "The same, inside 800×800",
    find: async (id, requester) => (await images.get(id, ownerOf(requester))).thumbnail_path,
  }),
];
