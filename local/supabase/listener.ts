import pg from "pg";

/**
 * Listens to `notify pgrst`, with which migrations tell PostgREST that the schema changed. Messages are lost while the
 * connection is down, so every new connection counts as a message.
 */
export const listenForReload = (url: string, onReload: () => void): { close(): Promise<void> } => {
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async () => {
    const mine = new pg.Client({
      connectionString: url,
      application_name: "nightshift gateway listener",
      connectionTimeoutMillis: 5_000,
    });
    client = mine;
    mine.on("error", () => {});
    mine.once("end", () => {
      if (!closed) retry = setTimeout(() => void connect(), 250).unref();
    });
    mine.on("notification", ({ payload }) => {
      if (payload === "" || payload === "reload schema") onReload();
    });
    try {
      await mine.connect();
      await mine.query("listen pgrst");
      onReload();
    } catch {
      await mine.end().catch(() => {});
    }
  };
  const connecting = connect();

  return {
    close: async () => {
      closed = true;
      clearTimeout(retry);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
};
