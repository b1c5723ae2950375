import pg from "pg";

/** The statement timeout of a hosted project, for roles without their own. */
export const authenticatorTimeoutMs = 8_000;

const searchPath = "public,extensions";

/** The types of pg do not have these two options yet. */
type PoolConfig = pg.PoolConfig & {
  pipeline: boolean;
  verify(client: pg.PoolClient, done: (error?: Error) => void): void;
};

/**
 * Connections whose settings, including the role, are set when the connection starts, so that no statement is needed to
 * set them.
 */
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
  // When a connection ends, the pool also emits an error. The error is ignored here, because the pool has already
  // removed the connection, and the caller's statement has failed with the same error.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
};

/**
 * Removes `options` from DATABASE_URL. Otherwise these options would replace the pool's own options without an error.
 */
const withoutOptions = (url: string): string => {
  const cleaned = new URL(url);
  cleaned.searchParams.delete("options");
  return cleaned.href;
};

/**
 * Checks the role once per connection, because behind a pooler that drops settings every request would run as the
 * database's owner.
 */
const confirmRole = async (client: pg.ClientBase, wanted: string): Promise<void> => {
  const { rows } = await client.query<{ role: string }>("select current_setting('role') as role");
  if (rows[0]?.role === wanted) return;
  throw new Error(
    "DATABASE_URL leads through a pooler that drops the settings of a session: connect directly.",
  );
};
