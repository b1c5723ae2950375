import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Database, Identity } from "../database.ts";
import type { StoredObject } from "./download.ts";
import { objectNotFound } from "./errors.ts";
import type { Files } from "./files.ts";
import type { Upload } from "./upload.ts";

const columns = "id, bucket_id, name, version, created_at, updated_at, metadata";

const insertObject = `
  insert into storage.objects (id, bucket_id, name, version, metadata, owner, owner_id)
  values ($1, $2, $3, $4, $5, $6::text::uuid, $6::text)`;

const orReplace = `
  on conflict (bucket_id, name) do update set version = excluded.version, metadata = excluded.metadata,
    updated_at = now()`;

const lockPath = "select pg_advisory_xact_lock(hashtextextended($1::text || '/' || $2::text, 0))";

export type Place = { bucket: string; key: string };

/** Rows of storage.objects, read and written with the caller's identity, so that the project's own policies decide. */
export const createObjects = (database: Database, files: Files) => {
  const save = async (identity: Identity, { bucket, key }: Place, upload: Upload, upsert: boolean) => {
    const metadata = {
      eTag: upload.eTag,
      size: upload.size,
      mimetype: upload.mimeType,
      cacheControl: upload.cacheControl,
      lastModified: new Date().toISOString(),
      contentLength: upload.size,
      httpStatusCode: 200,
    };
    const owner = identity.claimsObject["sub"] ?? null;
    const id = randomUUID();
    const values = [id, bucket, key, upload.version, metadata, owner];
    try {
      const replaced = await database.transaction(identity, async (client) => {
        // Nothing is read or returned here, because a caller who is allowed to insert is not always allowed to read.
        if (!upsert) return void (await client.query(insertObject, values));
        // Two upserts of one path at once would both find the same old file, and the file of one of them would stay.
        await client.query(lockPath, [bucket, key]);
        const old = await find(client, { bucket, key });
        await client.query(`${insertObject} ${orReplace}`, values);
        return old;
      });
      if (replaced !== undefined) await files.remove([replaced.version]);
      return replaced?.id ?? id;
    } catch (error) {
      if (isRefusal(error)) await files.remove([upload.version]);
      throw error;
    }
  };

  /** Checks the policies by inserting the row and rolling back. */
  const tryToSave = async (identity: Identity, { bucket, key }: Place, upsert: boolean): Promise<void> => {
    const undo = new Error("undo");
    const attempt = database.transaction(identity, async (client) => {
      const values = [randomUUID(), bucket, key, "", null, identity.claimsObject["sub"] ?? null];
      await client.query(upsert ? `${insertObject} ${orReplace}` : insertObject, values);
      throw undo;
    });
    await attempt.catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  };

  const get = async (identity: Identity, place: Place): Promise<StoredObject> => {
    const object = await database.transaction(identity, (client) => find(client, place));
    if (object === undefined) throw objectNotFound();
    return object;
  };

  const remove = async (identity: Identity, bucket: string, keys: readonly string[]) => {
    const { rows } = await database.transaction(identity, (client) =>
      client.query<{ version: string }>(
        "delete from storage.objects where bucket_id = $1 and name = any($2) returning *",
        [bucket, keys],
      ),
    );
    await files.remove(rows.map((row) => row.version));
    return rows;
  };

  return { save, tryToSave, get, remove };
};

export type Objects = ReturnType<typeof createObjects>;

/**
 * Whether Postgres has refused the row. After any other error, such as a connection that ended during the commit, the
 * row may be stored, so its file stays. A file without a row does no harm.
 */
const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && !/^(08|57|58|XX)/.test(error.code ?? "XX");

const find = async (client: pg.ClientBase, { bucket, key }: Place): Promise<StoredObject | undefined> =>
  (
    await client.query<StoredObject>(
      `select ${columns} from storage.objects where bucket_id = $1 and name = $2`,
      [bucket, key],
    )
  ).rows[0];
