import { createHash } from "node:crypto";
import pg from "pg";
import { authenticatorTimeoutMs, createPool } from "./pool.ts";

/** Who a request acts as: the role and the claims that row-level policies see. */
export type Identity = { role: string; claims: string; claimsObject: Readonly<Record<string, unknown>> };

/** The roles' time limits on hosted projects; everybody else has the authenticator's. */
const statementTimeoutsMs: Readonly<Record<string, number>> = { anon: 3_000, authenticated: 8_000 };

export type Statement = { text: string; values: unknown[] };
export type Row = (string | null)[];
export type RequestFacts = { method: string; path: string };

export type Database = {
  /** Runs one statement as somebody; rows are arrays of text. */
  run(identity: Identity, statement: Statement, facts: RequestFacts): Promise<Row[]>;
  /** A transaction as somebody, for what needs several statements. */
  transaction<T>(identity: Identity, work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
  /** Statements of the gateway itself, as the role of DATABASE_URL. */
  own: pg.Pool;
  close(): Promise<void>;
};

/**
 * Two ways to the database. The secret key is what servers use all day: its connections are service_role from
 * the first byte, so that a request is exactly one statement. Everybody else gets a transaction that sets role and
 * claims first, as PostgREST does; its three parts travel in one packet.
 */
export const openDatabase = (url: string, serviceClaims: string, connections = 10): Database => {
  const service = createPool(url, connections, { role: "service_role", "request.jwt.claims": serviceClaims });
  // Should a statement ever run outside its transaction, it runs as the one who may least.
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
      // A database error leaves the connection well: the commit ended the transaction as a rollback.
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

/** Text in, text out: Postgres builds the JSON and nobody here looks into it. */
const asText = { getTypeParser: () => (text: string) => text };

const names = new Map<string, string>();

/** Prepared once per connection. Shapes of requests are few; should they not be, the rest goes unprepared. */
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
