import pg from "pg";

/** What a hosted project allows a statement unless its role says otherwise. */
export const authenticatorTimeoutMs = 8_000;

const searchPath = "public,extensions";

/** These two are newer than the types of pg. */
type PoolConfig = pg.PoolConfig & {
  pipeline: boolean;
  verify(client: pg.PoolClient, done: (error?: Error) => void): void;
};

/** Connections that have their settings, the role among them, from the first byte: they cost no statement. */
export const createPool = (
  url: string,
  max: number,
  settings: Readonly<Record<string, string>>,
  pipeline = false,
): pg.Pool => {
  const all = { statement_timeout: String(authenticatorTimeoutMs), search_path: searchPath, ...settings };
  const config: PoolConfig = {
    connectionString: withoutOptions(url),
    max,
    options: Object.entries(all)
      .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, "\\$&")}`)
      .join(" "),
    pipeline,
    verify: (client, done) => void confirmRole(client, settings["role"] ?? "none").then(() => done(), done),
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
    application_name: "nightshift gateway",
  };
  const pool = new pg.Pool(config);
  // A connection that ends says so twice: to the pool, which forgets it, and by itself. Whoever was using it hears
  // it from the statement; nobody else needs to.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
};

/** Options in DATABASE_URL would silently take the place of ours. */
const withoutOptions = (url: string): string => {
  const cleaned = new URL(url);
  cleaned.searchParams.delete("options");
  return cleaned.href;
};

/** Once per connection: behind a pooler that drops settings every request would run as the owner of the database. */
const confirmRole = async (client: pg.ClientBase, wanted: string): Promise<void> => {
  const { rows } = await client.query<{ role: string }>("select current_setting('role') as role");
  if (rows[0]?.role === wanted) return;
  throw new Error(
    "DATABASE_URL leads through a pooler that drops the settings of a session: connect directly.",
  );
};
