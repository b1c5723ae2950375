import { type Answer, json } from "../http.ts";
import type { StoredObject } from "./download.ts";

/** An object's row as `info()` shows it. */
export const presentInfo = (object: StoredObject): Answer =>
  json(200, {
    id: object.id,
    name: object.name,
    version: object.version,
    bucket_id: object.bucket_id,
    size: object.metadata.size,
    content_type: object.metadata.mimetype,
    cache_control: object.metadata.cacheControl,
    etag: object.metadata.eTag,
    metadata: object.user_metadata ?? {},
    last_modified: object.updated_at,
    created_at: object.created_at,
  });
