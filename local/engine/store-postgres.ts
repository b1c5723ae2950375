import pg from "pg";
import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Group, Store } from "./store.ts";

/**
 * The documents in Postgres, in a schema of the engine's own. A group is one statement, so one transaction and one
 * fsync for everybody who waits. The session that writes also holds the lock that keeps a second engine out.
 */
const schema = `
  create schema if not exists engine;
  create table if not exists engine.apps (id text primary key, document jsonb not null);
  create table if not exists engine.runs (
    id text primary key, function_id text not null, status text not null, ended_at bigint, document jsonb not null);
  create table if not exists engine.events (id text primary key, received_at bigint not null, document jsonb not null);
  create table if not exists engine.notes (key text primary key, expires_at bigint not null, value jsonb not null);
`;

/** One engine per database: the number is arbitrary and must never change. */
const lock = 4_824_288;

const commitStatement = `
  with
    gone_runs as (delete from engine.runs where id = any ($6::text[])),
    gone_events as (delete from engine.events where id = any ($7::text[])),
    gone_notes as (delete from engine.notes where key = any ($5::text[])),
    apps as (
      insert into engine.apps (id, document)
      select document ->> 'id', document from jsonb_array_elements($3::jsonb) document
      on conflict (id) do update set document = excluded.document),
    notes as (
      insert into engine.notes (key, expires_at, value)
      select note ->> 'key', (note ->> 'expiresAt')::bigint, note -> 'value' from jsonb_array_elements($4::jsonb) note
      on conflict (key) do update set expires_at = excluded.expires_at, value = excluded.value),
    events as (
      insert into engine.events (id, received_at, document)
      select document ->> 'internalId', (document ->> 'receivedAt')::bigint, document
      from jsonb_array_elements($1::jsonb) document
      on conflict (id) do update set document = excluded.document)
  insert into engine.runs (id, function_id, status, ended_at, document)
  select document ->> 'id', document ->> 'functionId', document ->> 'status', (document ->> 'endedAt')::bigint, document
  from jsonb_array_elements($2::jsonb) document
  on conflict (id) do update
    set status = excluded.status, ended_at = excluded.ended_at, document = excluded.document`;

const longestWaitMs = 1_000;

export class EngineAlreadyRunning extends Error {
  constructor() {
    super(
      "Another engine uses this database. Stop it, or give this one its own database with DATABASE_URL or --database-url.",
    );
    this.name = "EngineAlreadyRunning";
  }
}

type Options = {
  /** Told when the database is away and when it is back. */
  log?: (message: string) => void;
  /** Called when another engine has taken over while the database was away: this one must stop. */
  lost?: (error: Error) => void;
};

export async function postgresStore(url: string, { log = () => {}, lost }: Options = {}): Promise<Store> {
  let client: pg.Client | undefined = await firstConnection(url);
  let isClosed = false;
  await client.query(schema);

  /** A database that is away stops the engine, and is not its end: it goes on where it was when the database is back. */
  const connected = async (wait = 50): Promise<pg.Client> => {
    if (isClosed) throw new Error("The store is closed.");
    if (client && !isBroken(client)) return client;
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
    async load() {
      const from = await connected();
      const [apps, notes, events, runs] = [
        await from.query<{ document: never }>("select document from engine.apps"),
        await from.query<{ key: string; value: unknown; expires_at: string }>("select * from engine.notes"),
        await from.query<{ document: StoredEvent }>(
          "select document from engine.events order by received_at, id",
        ),
        await from.query<{ document: RunDocument }>(
          "select document from engine.runs order by ended_at nulls last, id",
        ),
      ];
      return {
        apps: apps.rows.map(({ document }) => document),
        notes: notes.rows.map(({ key, value, expires_at }) => ({
          key,
          value,
          expiresAt: Number(expires_at),
        })),
        events: events.rows.map(({ document }) => document),
        runs: runs.rows.map(({ document }) => document),
      };
    },

    async commit(group) {
      // Written once: a group that is tried again says what was true when it was taken.
      const values = serialise(group);
      for (;;) {
        const to = await connected();
        try {
          await to.query({ name: "commit", text: commitStatement, values });
          return;
        } catch (error) {
          if (!isBroken(to) && !isConnectionError(error)) throw error;
          markBroken(to);
        }
      }
    },

    async close() {
      isClosed = true;
      await client?.end().catch(() => {});
    },
  };
}

const serialise = ({ events, runs, apps, notes, forgotten }: Group): unknown[] => [
  text(events),
  text(runs),
  text(apps),
  text(notes.written),
  notes.deleted,
  forgotten.runs,
  forgotten.events,
];

/** Postgres has no place for the character NUL in jsonb; everything else in JSON it keeps. */
const text = (value: unknown): string => JSON.stringify(value).replaceAll("\\u0000", "\\ufffd");

const broken = new WeakSet<pg.Client>();
const isBroken = (client: pg.Client): boolean => broken.has(client);
const markBroken = (client: pg.Client): void => {
  broken.add(client);
  client.end().catch(() => {});
};

/** The session of an engine that was killed a moment ago may still hold the lock: that is no second engine. */
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

/** Class 08 is a lost connection, 57P a server that is going down or starting; the rest comes from the socket. */
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
