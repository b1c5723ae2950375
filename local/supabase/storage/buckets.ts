import type pg from "pg";
import { bucketNotFound } from "./errors.ts";

/** The rules of a bucket. Migrations create buckets. */
export type Bucket = { id: string; file_size_limit: number | null; allowed_mime_types: string[] | null };

/** Ignores all policies, because a caller who may access an object must also get the rules of its bucket. */
export const findBucket = async (own: pg.Pool, id: string): Promise<Bucket> => {
  const { rows } = await own.query<Bucket>(
    "select id, file_size_limit::float8, allowed_mime_types from storage.buckets where id = $1",
    [id],
  );
  if (rows[0] === undefined) throw bucketNotFound();
  return rows[0];
};
