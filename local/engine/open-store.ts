import type { Store } from "./store.ts";
import { documentStore } from "./store-memory.ts";

/** Stores state in the Postgres of this URL, or in memory when there is no URL. */
export async function openStore(databaseUrl: string | undefined): Promise<Store> {
  if (databaseUrl === undefined) return documentStore();
  const { postgresStore } = await import("./store-postgres.ts");
  return postgresStore(databaseUrl);
}
