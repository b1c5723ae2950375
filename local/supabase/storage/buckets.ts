import type pg from "pg";
import { z } from "zod";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { readJson } from "./body.ts";
import { bucketNotFound, StorageError } from "./errors.ts";
import type { Files } from "./files.ts";

export type Bucket = {
  id: string;
  name: string;
  public: boolean;
  file_size_limit: number | null;
  allowed_mime_types: string[] | null;
};

const columns =
  "id, name, coalesce(owner_id, '') as owner, public, file_size_limit::float8, allowed_mime_types, created_at, updated_at";

/** Past all policies: every object route must know its bucket first. */
export const findBucket = async (own: pg.Pool, id: string): Promise<Bucket> => {
  const { rows } = await own.query<Bucket>(`select ${columns} from storage.buckets where id = $1`, [id]);
  return existing(rows[0]);
};

const existing = <T>(row: T | undefined): T => {
  if (row === undefined) throw bucketNotFound();
  return row;
};

/** `/storage/v1/bucket`, under the row-level policies of storage.buckets. */
export const createBuckets = (database: Database, files: Files) => {
  const query = (identity: Identity, text: string, values: unknown[]) =>
    database.transaction(identity, (client) => client.query<Bucket>(text, values));

  const create = async (ask: Ask, identity: Identity) => {
    const { id, name, ...rest } = await readJson(ask, bucketSchema);
    const bucketId = id ?? name;
    if (bucketId === undefined || !/^[\w!.*'() &$@=;:+,?-]{1,100}$/.test(bucketId)) {
      throw new StorageError(400, "InvalidRequest", "Bucket name invalid");
    }
    await query(
      identity,
      "insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values ($1, $1, $2, $3, $4)",
      [bucketId, rest.public ?? false, bytesOf(rest.file_size_limit), rest.allowed_mime_types ?? null],
    );
    return json(200, { name: bucketId });
  };

  const update = async (ask: Ask, identity: Identity, id: string) => {
    const wanted = await readJson(ask, bucketSchema);
    const { rowCount } = await query(
      identity,
      `update storage.buckets set public = coalesce($2, public), updated_at = now(),
         file_size_limit = case when $3 then $4::bigint else file_size_limit end,
         allowed_mime_types = case when $5 then $6::text[] else allowed_mime_types end
       where id = $1`,
      [
        id,
        wanted.public ?? null,
        wanted.file_size_limit !== undefined,
        bytesOf(wanted.file_size_limit),
        wanted.allowed_mime_types !== undefined,
        wanted.allowed_mime_types ?? null,
      ],
    );
    if (rowCount === 0) throw bucketNotFound();
    return json(200, { message: "Successfully updated" });
  };

  const empty = async (identity: Identity, id: string) => {
    existing((await query(identity, `select ${columns} from storage.buckets where id = $1`, [id])).rows[0]);
    const { rows } = await database.transaction(identity, (client) =>
      client.query<{ version: string }>(
        "delete from storage.objects where bucket_id = $1 returning version",
        [id],
      ),
    );
    await files.remove(rows.map((row) => row.version));
    return json(200, { message: "Successfully emptied" });
  };

  const remove = async (identity: Identity, id: string) => {
    const { rowCount } = await query(identity, "delete from storage.buckets where id = $1", [id]).catch(
      (error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "23503")) throw error;
        throw new StorageError(409, "InvalidRequest", "The bucket you tried to delete is not empty");
      },
    );
    if (rowCount === 0) throw bucketNotFound();
    return json(200, { message: "Successfully deleted" });
  };

  return async (ask: Ask, identity: Identity, [id, action]: readonly string[]): Promise<Answer> => {
    if (id === undefined) {
      if (ask.method === "POST") return create(ask, identity);
      if (ask.method === "GET" && ask.query.size === 0) {
        return json(
          200,
          (await query(identity, `select ${columns} from storage.buckets order by id`, [])).rows,
        );
      }
    } else if (action === "empty" && ask.method === "POST") return empty(identity, id);
    else if (action === undefined) {
      if (ask.method === "PUT") return update(ask, identity, id);
      if (ask.method === "DELETE") return remove(identity, id);
      if (ask.method === "GET") {
        const { rows } = await query(identity, `select ${columns} from storage.buckets where id = $1`, [id]);
        return json(200, existing(rows[0]));
      }
    }
    return refuse(`${ask.method} ${ask.path}${ask.query.size === 0 ? "" : `?${ask.query}`}`);
  };
};

const bucketSchema = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  public: z.boolean().optional(),
  type: z.literal("STANDARD").optional(),
  file_size_limit: z.union([z.number(), z.string()]).nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

const units: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1024],
  ["m", 1024 ** 2],
  ["g", 1024 ** 3],
]);

/** `1048576`, `"100MB"`, `"1.5gb"`. */
const bytesOf = (limit: number | string | null | undefined): number | null => {
  if (limit === null || limit === undefined) return null;
  const [, amount, unit = ""] = /^([\d.]+)\s*([kmg]?)b?$/i.exec(String(limit)) ?? [];
  const bytes = Math.floor(Number(amount) * (units.get(unit.toLowerCase()) ?? Number.NaN));
  if (!Number.isFinite(bytes))
    throw new StorageError(422, "InvalidRequest", `Invalid file_size_limit: ${limit}`);
  return bytes;
};
