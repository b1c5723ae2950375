import { readFileSync } from "node:fs";
import type { TestDatabase } from "./database.ts";

/**
 * All rows of the product's tables, and the last values of its sequences, as pg_dump writes them. (The Postgres of the
 * tests has no pg_dump.)
 */
export type Dump = {
  tables: { table: string; columns: string; rows: unknown[] }[];
  sequences: { sequence: string; last: string }[];
};

const TABLES = `select format('%I.%I', namespace.nspname, class.relname) as table,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
     where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
  from pg_class as class join pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relkind = 'r' and namespace.nspname in ('public', 'private')
  order by 1`;
const SEQUENCES = `select format('%I.%I', schemaname, sequencename) as sequence, last_value as last from pg_sequences
  where schemaname in ('public', 'private') and last_value is not null order by 1`;

export async function dump({ sql }: TestDatabase): Promise<Dump> {
  const { rows: tables } = await sql.query(TABLES);
  const client = await sql.connect();
  try {
    // One snapshot for all tables.
    await client.query("begin isolation level repeatable read");
    const dumped: Dump["tables"] = [];
    for (const { table, columns } of tables) {
      const { rows } = await client.query(`select to_jsonb(one) as row from ${table} as one order by 1`);
      dumped.push({ table, columns, rows: rows.map(({ row }) => row) });
    }
    const { rows: sequences } = await client.query(SEQUENCES);
    await client.query("commit");
    return { tables: dumped, sequences };
  } finally {
    client.release();
  }
}

/** Replaces all rows of a migrated database, as docs/disaster-recovery.md says, with the SQL file that it names. */
export async function restore({ sql }: TestDatabase, { tables, sequences }: Dump): Promise<void> {
  const page = readFileSync("docs/disaster-recovery.md", "utf8");
  const [, file = ""] = /--file (supabase\/\S+)/.exec(page) ?? [];
  const client = await sql.connect();
  try {
    await client.query("begin");
    await client.query(readFileSync(file, "utf8"));
    for (const { table, columns, rows } of tables) {
      await client.query(
        `insert into ${table} (${columns}) overriding system value
         select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      );
    }
    for (const { sequence, last } of sequences) await client.query("select setval($1, $2)", [sequence, last]);
    await client.query("commit");
  } finally {
    // The session's triggers stay off, so the connection is not used again.
    client.release(true);
  }
}
