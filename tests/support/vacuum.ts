import type pg from "pg";

/**
 * Vacuums and analyzes all tables, until each of their blocks is marked as visible to all, so that an index is read
 * without its table. A vacuum marks no block while its rows' commit is not on the disk, or while a transaction is open
 * that began before it, for instance while the gateway reads the schema.
 */
export async function vacuum(session: pg.PoolClient): Promise<void> {
  for (let unmarked = 1; unmarked > 0; ) {
    await session.query("vacuum analyze");
    const { rows } = await session.query(
      `select count(*)::integer as unmarked from pg_class
       where relkind = 'r' and relallvisible < relpages
         and relnamespace in ('public'::regnamespace, 'private'::regnamespace)`,
    );
    unmarked = rows[0].unmarked;
  }
}
