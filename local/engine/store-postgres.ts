import type pg from "pg";
import type { RunDocument, StoredEvent } from "./documents.ts";
import { openSession, type SessionOptions } from "./postgres-session.ts";
import type { App } from "./registry.ts";
import type { Group, Store } from "./store.ts";

/**
 * The documents in Postgres, in a schema of the engine's own. A group is one statement, so one transaction and one
 * fsync for everybody who waits.
 */
const schema = `
  create schema if not exists engine;
  create table if not exists engine.apps (id text primary key, document jsonb not null);
  create table if not exists engine.runs (
    id text primary key, function_id text not null, status text not null, ended_at bigint, document jsonb not null);
  create table if not exists engine.events (id text primary key, received_at bigint not null, document jsonb not null);
  create table if not exists engine.notes (key text primary key, expires_at bigint not null, value jsonb not null);
`;

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

export async function postgresStore(url: string, options?: SessionOptions): Promise<Store> {
  const session = await openSession(url, options);
  await session.use((client) => client.query(schema));
  return {
    load: () =>
      session.use(async (client) => {
        const read = async <Row extends pg.QueryResultRow>(query: string) =>
          (await client.query<Row>(query)).rows;
        const apps = await read<{ document: App }>("select document from engine.apps");
        const notes = await read<{ key: string; value: unknown; expires_at: string }>(
          "select * from engine.notes",
        );
        const events = await read<{ document: StoredEvent }>(
          "select document from engine.events order by received_at, id",
        );
        const runs = await read<{ document: RunDocument }>(
          "select document from engine.runs order by ended_at nulls last, id",
        );
        return {
          apps: apps.map(({ document }) => document),
          notes: notes.map(({ key, value, expires_at: at }) => ({ key, value, expiresAt: Number(at) })),
          events: events.map(({ document }) => document),
          runs: runs.map(({ document }) => document),
        };
      }),

    async commit(group) {
      // Written once: a group that is tried again says what was true when it was taken.
      const values = serialise(group);
      await session.use((client) => client.query({ name: "commit", text: commitStatement, values }));
    },

    close: () => session.close(),
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
