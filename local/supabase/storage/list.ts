import type pg from "pg";
import { z } from "zod";

export const listSchema = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().min(0).max(1000).default(100),
  offset: z.number().int().min(0).default(0),
  search: z.string().default(""),
  sortBy: z
    .object({
      column: z.enum(["name", "created_at", "updated_at", "last_accessed_at"]).default("name"),
      order: z.enum(["asc", "desc"]).default("asc"),
    })
    .default({ column: "name", order: "asc" }),
});

/** The entries directly below a folder: its objects, and each deeper folder as one entry without an id. */
export const listObjects = async (
  client: pg.ClientBase,
  bucket: string,
  wanted: z.infer<typeof listSchema>,
) => {
  const folder = wanted.prefix === "" || wanted.prefix.endsWith("/") ? wanted.prefix : `${wanted.prefix}/`;
  const { column, order } = wanted.sortBy;
  const { rows } = await client.query<Record<string, unknown>>(
    `with below as (
       select substr(name, length($2) + 1) as rest, id, updated_at, created_at, last_accessed_at, metadata
       from storage.objects where bucket_id = $1 and starts_with(name, $2)
     ), entries as (
       select rest as name, id, updated_at, created_at, last_accessed_at, metadata from below where rest not like '%/%'
       union all
       select distinct split_part(rest, '/', 1), null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
       from below where rest like '%/%'
     )
     select * from entries where starts_with(lower(name), lower($3))
     order by ${column} ${order} nulls first, name collate "C" limit $4 offset $5`,
    [bucket, folder, wanted.search, wanted.limit, wanted.offset],
  );
  return rows;
};
