import { z } from "zod";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { count, text } from "#lib/http/fields.ts";
import { idParams, json, ownerOf, type Requester, type Route, route } from "#lib/http/route.ts";
import { pictureRoute } from "#lib/pictures/route.ts";
import { uploadUrl } from "#uploads/paths.ts";
import type { Upload, UploadRepository } from "#uploads/repository.ts";
import { type UploadDependencies, uploadPicture } from "#uploads/upload-picture.ts";

type Dependencies = UploadDependencies & {
  uploads: UploadRepository;
  storage: UploadDependencies["storage"] & Pick<Storage, "get">;
  /** How long an upload is kept, in milliseconds. */
  keepMs: number;
};

/** Netlify passes at most 6 MB to a function. Bytes arrive as base64, which is a third longer. */
const MAX_PICTURE_BYTES = 4.5 * 1024 * 1024;

const side = count(16, 2048).default(800);
const receipt = acceptedView.extend({
  status: z.literal("processing"),
  /** The name of `jobId` in the source documents. */
  job_id: z.uuid(),
  uploadUrl: z.string(),
});
z.globalRegistry.add(receipt, { id: "AcceptedUpload" });
const uploadView = z.object({
  id: z.uuid(),
  status: z.string(),
  contentType: z.string(),
  bytes: z.number(),
  /** Null until the upload is completed. */
  imageUrl: z.string().nullable(),
  thumbnail: z.object({ url: z.string(), width: z.number(), height: z.number() }).nullable(),
  createdAt: z.string(),
  completedAt: z.string().nullable(),
  /** The time at which the upload is deleted, with its pictures. */
  expiresAt: z.string(),
  jobUrl: z.string(),
});
z.globalRegistry.add(uploadView, { id: "Upload" });

/** The routes for uploads (S2). An upload is answered at once, a job does the work, and the owner is notified. */
export const uploadRoutes = (deps: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/upload",
    policy: "user",
    summary: "Upload a picture (PNG, JPEG or WebP, up to 4.5 MB); a smaller one is made of it",
    query: z.object({ width: side, height: side }),
    body: z.object({ bytes: z.instanceof(Uint8Array), contentType: text(100) }),
    bodyKinds: ["image"],
    maxBodyBytes: MAX_PICTURE_BYTES,
    responses: { 202: receipt },
    handler: async ({ body, query, requester, idempotencyKey }) => {
      const id = await uploadPicture(deps, requester, body.bytes, query, idempotencyKey);
      return json(202, {
        ...accepted("Picture accepted", id),
        status: "processing",
        job_id: id,
        uploadUrl: uploadUrl(id),
      });
    },
  }),
  route({
    method: "GET",
    path: "/api/uploads/:id",
    policy: "user",
    summary: "One upload: where its pictures are",
    params: idParams,
    responses: { 200: uploadView },
    handler: async ({ params, requester }) =>
      json(200, toUploadView(await find(deps, params.id, requester), deps.keepMs)),
  }),
  pictureRoute(deps.storage, {
    path: "/api/uploads/:id/image",
    summary: "The picture as it was uploaded, without its metadata; there once the upload is completed",
    find: async (id, requester) => {
      const { completed_at, original_path } = await find(deps, id, requester);
      return completed_at === null ? null : original_path;
    },
  }),
  pictureRoute(deps.storage, {
    path: "/api/uploads/:id/thumbnail",
    summary: "The smaller one",
    find: async (id, requester) => (await find(deps, id, requester)).thumbnail_path,
  }),
  route({
    method: "DELETE",
    path: "/api/uploads/:id",
    policy: "user",
    summary: "Delete an upload and its pictures",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async ({ params, requester }) => {
      if (!(await deps.uploads.remove(params.id, ownerOf(requester)))) throw noUpload();
      return json(204, undefined);
    },
  }),
];

async function find({ uploads }: Dependencies, id: string, requester: Requester): Promise<Upload> {
  const upload = await uploads.get(id, ownerOf(requester));
  if (!upload) throw noUpload();
  return upload;
}

const noUpload = () => new AppError("not_found", "Upload not found");

function toUploadView(upload: Upload, keepMs: number): z.output<typeof uploadView> {
  const { id, thumbnail_width: width, thumbnail_height: height } = upload;
  return {
    id,
    status: upload.status,
    contentType: upload.content_type,
    bytes: upload.byte_count,
    imageUrl: upload.completed_at && `${uploadUrl(id)}/image`,
    thumbnail:
      width === null || height === null ? null : { url: `${uploadUrl(id)}/thumbnail`, width, height },
    createdAt: upload.created_at,
    completedAt: upload.completed_at,
    expiresAt: new Date(Date.parse(upload.created_at) + keepMs).toISOString(),
    jobUrl: jobUrl(id),
  };
}
