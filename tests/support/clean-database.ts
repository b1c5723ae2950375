import type pg from "pg";

/** What a database contains after its migrations. */
export type Migrated = {
  /** Changes with each change of a table, function, trigger, constraint, policy, right or setting. */
  schema: string;
  /** The tables into which migrations insert rows. `rows` is a JSON array, `columns` a list for SQL. */
  tables: { name: string; columns: string; rows: string }[];
  /** SQL that sets each sequence to its value. */
  sequences: string;
};

/** The tables into which rows were ever inserted. Nothing changes the list of migrations, which is the largest. */
const usedTables = `select c.oid, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
   and pg_relation_size(c.oid) > 0`;

const sumOf = (catalog: string, columns = "oid, xmin", where = "true") =>
  `(select sum(hashtextextended(concat(${columns}), 0)) from ${catalog} where ${where})`;
const thisDatabase = "(select oid from pg_database where datname = current_database())";
const schema = `concat_ws(' ', ${[
  // Emptying a table changes its row of pg_class, but not these columns.
  sumOf(
    "pg_class",
    "oid, relname, relacl, reloptions, relrowsecurity",
    "relpersistence <> 't' and relnamespace <> 'pg_toast'::regnamespace",
  ),
  sumOf("pg_attribute", "attrelid, attnum, xmin"),
  sumOf("pg_db_role_setting", "setrole, setconfig", `setdatabase = ${thisDatabase}`),
  ...["pg_proc", "pg_trigger", "pg_constraint", "pg_policy", "pg_namespace", "pg_extension"].map((name) =>
    sumOf(name),
  ),
].join()})`;

const sequences = `select coalesce(string_agg(
    format('select setval(''%I.%I'', %s, %L)', schemaname, sequencename,
           coalesce(last_value, start_value), last_value is not null), ';'), '') as sequences
  from pg_sequences`;

/** The number of sessions that run a statement or a transaction, or hold an advisory lock. */
const busySessions = `(select count(*)::int from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid()
     and (state <> 'idle' or pid in (select pid from pg_locks where locktype = 'advisory')))`;

export const readMigrated = async (sql: pg.Pool): Promise<Migrated> => {
  const used = await sql.query<{ oid: number; name: string }>(usedTables);
  const tables = await Promise.all(
    used.rows.map(async ({ oid, name }) => {
      const { rows } = await sql.query(
        `select string_agg(quote_ident(attname), ', ') as columns,
                (select coalesce(json_agg(t), '[]')::text from ${name} t) as rows
           from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped and attgenerated = ''`,
        [oid],
      );
      return { name, columns: rows[0].columns, rows: rows[0].rows };
    }),
  );
  const { rows } = await sql.query(`select ${schema} as schema, (${sequences})`);
  return { schema: rows[0].schema, tables, sequences: rows[0].sequences };
};

/**
 * Gives a database the content that it had after its migrations. Returns false for a database that no other test may
 * use: its schema was changed, or a session of the last test is not idle.
 */
export const cleanDatabase = async (sql: pg.Pool, migrated: Migrated): Promise<boolean> => {
  if (sql.ended || sql.idleCount !== sql.totalCount) return false;
  const { rows } = await sql.query(`select ${schema} as schema, ${busySessions} as busy`);
  if (rows[0].schema !== migrated.schema || rows[0].busy > 0) return false;
  const client = await sql.connect();
  try {
    await client.query(`begin; set local session_replication_role = replica; do $$
      declare v_tables text := (select string_agg(name, ', ') from (${usedTables}) used);
      begin
        if v_tables is not null then execute 'truncate ' || v_tables || ' cascade'; end if;
      end $$`);
    for (const { name, columns, rows } of migrated.tables) {
      await client.query(
        `insert into ${name} (${columns}) overriding system value
         select ${columns} from json_populate_recordset(null::${name}, $1)`,
        [rows],
      );
    }
    // The planner must not know the last test's rows: 16384 is the first id that Postgres gives to a user's table.
    await client.query(`${migrated.sequences}; delete from pg_statistic where starelid >= 16384; commit`);
    client.release();
    return true;
  } catch (error) {
    client.release(true); // Its transaction is still open
    throw error;
  }
};
