import pg from "pg";

/** The number of the lock that allows one engine per database. The number is arbitrary and must never change. */
const lock = 4_824_288;

const longestWaitMs = 1_000;

class EngineAlreadyRunning extends Error {
  constructor() {
    super(
      "Another engine uses this database. Stop it, or give this one its own database with DATABASE_URL or --database-url.",
    );
    this.name = "EngineAlreadyRunning";
  }
}

export type SessionOptions = {
  /** Called when the database cannot be reached, and when it can be reached again. */
  log?: (message: string) => void;
  /** Called when another engine took over while the database could not be reached. This engine must stop. */
  lost?: (error: Error) => void;
};

type Session = {
  /**
   * Calls `work`. When the connection is lost, calls `work` again with a new connection, so `work` must be safe to
   * repeat.
   */
  use<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/**
 * One connection, which also holds the lock that keeps a second engine out. When the database cannot be reached, the
 * engine pauses, and continues when it can.
 */
export async function openSession(
  url: string,
  { log = () => {}, lost }: SessionOptions = {},
): Promise<Session> {
  let client = await firstConnection(url);
  let isClosed = false;

  const connected = async (wait = 50): Promise<pg.Client> => {
    if (isClosed) throw new Error("The store is closed.");
    if (!broken.has(client)) return client;
    try {
      client = await connect(url);
      log("The database is back.");
      return client;
    } catch (error) {
      if (error instanceof EngineAlreadyRunning && wait >= longestWaitMs) {
        lost?.(error);
        throw error;
      }
      if (wait === 50) log(`The database cannot be reached; everything waits: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, wait));
      return connected(Math.min(wait * 2, longestWaitMs));
    }
  };

  return {
    async use(work) {
      for (;;) {
        const to = await connected();
        try {
          return await work(to);
        } catch (error) {
          if (!broken.has(to) && !isConnectionError(error)) throw error;
          broken.add(to);
          to.end().catch(() => {});
        }
      }
    },
    async close() {
      isClosed = true;
      await client.end().catch(() => {});
    },
  };
}

const broken = new WeakSet<pg.Client>();

/** The session of an engine that was just killed may still hold the lock, so the connection is tried several times. */
async function firstConnection(url: string, tries = 10): Promise<pg.Client> {
  try {
    return await connect(url);
  } catch (error) {
    if (!(error instanceof EngineAlreadyRunning) || tries === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return firstConnection(url, tries - 1);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "nightshift engine",
    keepAlive: true,
  });
  client.on("error", () => broken.add(client));
  client.on("end", () => broken.add(client));
  await client.connect();
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [
    lock,
  ]);
  if (rows[0]?.locked) return client;
  await client.end();
  throw new EngineAlreadyRunning();
}

/**
 * Codes of class 08 mean a lost connection, and codes with 57P mean a server that shuts down or starts. The other codes
 * are errors of the socket.
 */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(08|57P)/.test(code) ||
    /^E[A-Z]+$/.test(code) ||
    /terminated|Connection|not queryable/.test(error.message)
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
