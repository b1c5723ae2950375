import fs from "node:fs";
import path from "node:path";
import pg from "pg";
import { applyPrelude } from "./prelude.ts";

/**
 * Brings a database up to date: first adds what hosted Supabase already has, then applies every file of `directory`
 * that was not applied yet. Each file is one transaction, and is recorded in the table of the Supabase CLI (which
 * records statements one by one). Returns the names of the applied files.
 */
export const migrate = async (url: string, directory: string): Promise<string[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // When two starts happen at once, the second start waits here, and then finds no migrations to apply.
    await client.query("select pg_advisory_lock(hashtext('nightshift migrations'))");
    await applyPrelude(client);
    const applied = await readApplied(client);
    const pending: Migration[] = [];
    for (const migration of readMigrations(directory)) {
      const before = applied.get(migration.version);
      if (before === undefined) pending.push(migration);
      else refuseIfChanged(migration, before);
    }
    for (const migration of pending) await apply(client, migration);
    if (pending.length > 0) await client.query("notify pgrst, 'reload schema'");
    return pending.map((migration) => migration.file);
  } finally {
    await client.end();
  }
};

type Migration = { version: string; name: string; file: string; sql: string };

const readMigrations = (directory: string): Migration[] =>
  fs
    .readdirSync(directory)
    .toSorted()
    .flatMap((file) => {
      const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
      if (version === undefined || name === undefined) return [];
      return [{ version, name, file, sql: fs.readFileSync(path.join(directory, file), "utf8") }];
    });

const readApplied = async (client: pg.Client): Promise<Map<string, string[]>> => {
  const { rows } = await client.query<{ version: string; statements: string[] | null }>(
    "select version, statements from supabase_migrations.schema_migrations",
  );
  return new Map(rows.map((row) => [row.version, row.statements ?? []]));
};

/** Ignores whitespace and semicolons, because the Supabase CLI trims them in a slightly different way. */
const fingerprint = (statements: readonly string[]) => statements.join(";").replace(/[\s;]+/g, "");

const refuseIfChanged = ({ file, sql }: Migration, before: readonly string[]) => {
  if (before.length === 0 || fingerprint(before) === fingerprint([sql])) return;
  throw new Error(
    `${file} was changed after it was applied. ` +
      "Put the change into a new migration, or start again from an empty database.",
  );
};

const apply = async (client: pg.Client, { version, name, file, sql }: Migration) => {
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query(
      "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)",
      [version, name, [sql]],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw describeFailure(file, sql, error);
  }
};

const describeFailure = (file: string, sql: string, cause: unknown): Error => {
  if (!(cause instanceof pg.DatabaseError)) return new Error(`${file} failed`, { cause });
  const place = cause.position === undefined ? file : `${file}:${lineAt(sql, Number(cause.position) - 1)}`;
  const more = [cause.detail, cause.hint].filter((text) => text !== undefined).join(" ");
  return new Error(`${place}: ${cause.message}${more === "" ? "" : `. ${more}`} (${cause.code})`, { cause });
};

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;
