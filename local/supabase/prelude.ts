import fs from "node:fs";
import path from "node:path";
import pg from "pg";

const roles = {
  anon: "nologin noinherit",
  authenticated: "nologin noinherit",
  service_role: "nologin noinherit bypassrls",
} as const;

/** Adds to a plain Postgres what hosted Supabase has. A database that Supabase created is not changed. */
export const applyPrelude = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<Facts>(factsQuery, [Object.keys(roles)]);
  const [facts] = rows;
  if (facts === undefined || facts.hosted) return;
  if (Number(facts.version) < 150_000)
    throw new Error("This Postgres is too old: version 15 or newer is needed.");
  const grants = missingGrants(facts);
  if (grants.length > 0) {
    throw new Error(
      `The role "${facts.user}" lacks rights on this database. As a superuser run:\n  ${grants.join("\n  ")}`,
    );
  }
  await client.query("begin");
  try {
    for (const [role, attributes] of Object.entries(roles)) {
      if (!facts.present.includes(role)) await createRole(client, role, attributes);
    }
    await client.query(script("prelude.sql"));
    if (facts.superuser) await client.query(script("prelude-superuser.sql"));
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
};

const script = (name: string) => fs.readFileSync(path.join(import.meta.dirname, name), "utf8");

type Facts = {
  user: string;
  database: string;
  version: string;
  hosted: boolean;
  superuser: boolean;
  may_create: boolean;
  may_use_public: boolean;
  present: string[];
  granted: string[];
};

/** Only hosted and self-hosted Supabase have the role `supabase_auth_admin`. */
const factsQuery = `
  select current_user::text as "user", current_database()::text as database,
    current_setting('server_version_num') as version,
    exists (select from pg_catalog.pg_roles where rolname = 'supabase_auth_admin') as hosted,
    (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as superuser,
    pg_catalog.has_database_privilege(current_database(), 'CREATE') as may_create,
    pg_catalog.has_schema_privilege('public', 'CREATE')
      and pg_catalog.has_schema_privilege('public', 'USAGE WITH GRANT OPTION') as may_use_public,
    array(select rolname::text from pg_catalog.pg_roles where rolname = any($1)) as present,
    array(select rolname::text from pg_catalog.pg_roles
      where rolname = any($1) and pg_catalog.pg_has_role(oid, 'MEMBER')) as granted`;

/** The statements that a superuser must run once. An ordinary role can run all other statements. */
const missingGrants = (facts: Facts): string[] => {
  if (facts.superuser) return [];
  const user = pg.escapeIdentifier(facts.user);
  const database = pg.escapeIdentifier(facts.database);
  const missing = Object.entries(roles).filter(([role]) => !facts.present.includes(role));
  const ungranted = Object.keys(roles).filter((role) => !facts.granted.includes(role));
  return [
    ...missing.map(([role, attributes]) => `create role ${role} ${attributes};`),
    ...(ungranted.length > 0 ? [`grant ${ungranted.join(", ")} to ${user};`] : []),
    ...(facts.may_create ? [] : [`grant create on database ${database} to ${user};`]),
    ...(facts.may_use_public ? [] : [`grant usage, create on schema public to ${user} with grant option;`]),
  ];
};

/** Roles belong to the whole cluster, so a concurrent migration of another database may create the same role. */
const createRole = (client: pg.Client, role: string, attributes: string) =>
  client.query(
    `do $$ begin create role ${role} ${attributes}; exception when duplicate_object or unique_violation then null; end $$`,
  );
