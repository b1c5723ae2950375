import type { TestDatabase } from "./database.ts";

/** All rows of the product's tables, as a backup holds them. */
export type Dump = { table: string; columns: string; rows: unknown[] }[];

const TABLES = `select format('%I.%I', namespace.nspname, class.relname) as table,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
     where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
  from pg_class as class join pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relkind = 'r' and namespace.nspname in ('public', 'private', 'storage', 'auth')
  order by 1`;

export async function dump({ sql }: TestDatabase): Promise<Dump> {
  const { rows: tables } = await sql.query(TABLES);
  const client = await sql.connect();
  try {
    // One snapshot for all tables.
    await client.query("begin isolation level repeatable read");
    const dumped: Dump = [];
    for (const { table, columns } of tables) {
      const { rows } = await client.query(`select to_jsonb(one) as row from ${table} as one`);
      dumped.push({ table, columns, rows: rows.map(({ row }) => row) });
    }
    await client.query("commit");
    return dumped;
  } finally {
    client.release();
  }
}

/** Replaces all rows of a migrated database. No trigger runs, as with pg_restore --disable-triggers. */
export async function restore({ sql }: TestDatabase, dumped: Dump): Promise<void> {
  const client = await sql.connect();
  try {
    await client.query("begin");
    await client.query("set local session_replication_role = replica");
    await client.query(`truncate ${dumped.map(({ table }) => table).join(", ")}`);
    for (const { table, columns, rows } of dumped) {
      await client.query(
        `insert into ${table} (${columns}) overriding system value
         select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      );
    }
    await client.query("commit");
  } finally {
    client.release();
  }
}
