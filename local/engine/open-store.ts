import type { Store } from "./store.ts";
import { documentStore } from "./store-memory.ts";

/** Stores state in this Postgres. Undefined: in memory. */
export async function openStore(databaseUrl: string | undefined): Promise<Store> {
  if (databaseUrl === undefined) return documentStore();
  const { postgresStore } = await import("./store-postgres.ts");
  return postgresStore(databaseUrl);
}
