import { createHash } from "node:crypto";
import pg from "pg";
import { authenticatorTimeoutMs, createPool } from "./pool.ts";

/** The identity of a request: the role and the claims that row-level policies read. */
export type Identity = { role: string; claims: string; claimsObject: Readonly<Record<string, unknown>> };

/** The statement timeouts of roles on hosted projects. Other roles have the authenticator's timeout. */
const statementTimeoutsMs: Readonly<Record<string, number>> = { anon: 3_000, authenticated: 8_000 };

export type Statement = { text: string; values: unknown[] };
export type Row = (string | null)[];
export type RequestFacts = { method: string; path: string };

export type Database = {
  /** Runs one statement with an identity; rows are arrays of text. */
  run(identity: Identity, statement: Statement, facts: RequestFacts): Promise<Row[]>;
  /** Runs several statements with an identity, in one transaction. */
  transaction<T>(identity: Identity, work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
  /** Runs the gateway's own statements, as the role of DATABASE_URL. */
  own: pg.Pool;
  close(): Promise<void>;
};

/**
 * There are two kinds of connections. Requests with the secret key use connections that have the role service_role from
 * the start, and each of these requests is exactly one statement. Every other request is a transaction that first sets
 * role and claims, like in PostgREST; its three statements are sent together.
 */
export const openDatabase = (url: string, serviceClaims: string, connections = 10): Database => {
  const service = createPool(url, connections, { role: "service_role", "request.jwt.claims": serviceClaims });
  // These connections have the role with the fewest rights, in case a statement runs outside its transaction by
  // mistake.
  const people = createPool(url, Math.ceil(connections / 2), { role: "anon" }, true);
  const own = createPool(url, 3, {});

  const asService = async ({ text, values }: Statement) =>
    (await service.query<Row>(prepared(text, values))).rows;

  const asPerson = async (identity: Identity, statement: Statement, facts: RequestFacts) => {
    const client = await people.connect();
    try {
      const begun = client.query(beginAs(identity, facts));
      const done = client.query<Row>(prepared(statement.text, statement.values));
      const ended = client.query("commit");
      const outcomes = await Promise.allSettled([begun, done, ended]);
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      client.release();
      return (await done).rows;
    } catch (error) {
      // After a database error the connection can be reused: at the commit, Postgres has rolled the failed transaction
      // back.
      client.release(error instanceof pg.DatabaseError ? undefined : true);
      throw error;
    }
  };

  return {
    own,
    run: (identity, statement, facts) =>
      identity.role === "service_role" && identity.claims === serviceClaims
        ? asService(statement)
        : asPerson(identity, statement, facts),
    transaction: async (identity, work) => {
      const client = await own.connect();
      try {
        await client.query(beginAs(identity, { method: "POST", path: "/" }));
        const result = await work(client);
        await client.query("commit");
        client.release();
        return result;
      } catch (error) {
        const ended = await client.query("rollback").then(
          () => undefined,
          () => true,
        );
        client.release(ended);
        throw error;
      }
    },
    close: async () => {
      await Promise.all([service.end(), people.end(), own.end()]);
    },
  };
};

const beginAs = ({ role, claims }: Identity, facts: RequestFacts): string => {
  const settings = {
    role,
    "request.jwt.claims": claims,
    "request.method": facts.method,
    "request.path": facts.path,
    statement_timeout: String(statementTimeoutsMs[role] ?? authenticatorTimeoutMs),
  };
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value)}, true)`,
  );
  return `begin; select ${calls.join(", ")}`;
};

/** Values stay text, because Postgres builds the JSON, and this process does not parse the JSON. */
const asText = { getTypeParser: () => (text: string) => text };

const names = new Map<string, string>();

/**
 * Statements are prepared once per connection. There are few different statements. Beyond a limit, further statements
 * run unprepared.
 */
const prepared = (text: string, values: unknown[]) => ({
  text,
  values,
  rowMode: "array",
  types: asText,
  name: nameOf(text),
});

const nameOf = (text: string): string => {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= 1_000) return "";
  const name = createHash("sha256").update(text).digest("base64url");
  names.set(text, name);
  return name;
};
