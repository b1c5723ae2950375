import { createHash } from "node:crypto";
import { z } from "zod";
import type { RunDocument, StoredEvent } from "./documents.ts";
import type { Note } from "./notebook.ts";
import { openSession, type SessionOptions } from "./postgres-session.ts";
import type { App } from "./registry.ts";
import { type Group, type Store, Unstorable } from "./store.ts";

/**
 * Stores the documents in Postgres, in the engine's own schema. A group is one statement, so it costs one transaction
 * and one fsync.
 */
const schema = `
  create schema if not exists engine;
  create table if not exists engine.apps (id bytea primary key, document text not null);
  create table if not exists engine.runs (id text primary key, ended_at bigint, document text not null);
  create table if not exists engine.events (id text primary key, received_at bigint not null, document text not null);
  create table if not exists engine.notes (id bytea primary key, document text not null);
`;

/**
 * Drops the tables of an earlier version. That version stored documents as jsonb, which cannot hold every JSON text.
 */
const dropOld = `
  do $$ begin
    if exists (select from information_schema.columns
      where table_schema = 'engine' and table_name = 'runs' and column_name = 'document' and data_type = 'jsonb')
    then drop schema engine cascade; end if;
  end $$;
`;

const commitStatement = `
  with
    gone_runs as (delete from engine.runs where id = any ($1::text[])),
    gone_events as (delete from engine.events where id = any ($2::text[])),
    gone_notes as (delete from engine.notes where id = any ($3::bytea[])),
    apps as (
      insert into engine.apps (id, document) select * from unnest($4::bytea[], $5::text[])
      on conflict (id) do update set document = excluded.document),
    notes as (
      insert into engine.notes (id, document) select * from unnest($6::bytea[], $7::text[])
      on conflict (id) do update set document = excluded.document),
    events as (
      insert into engine.events (id, received_at, document) select * from unnest($8::text[], $9::bigint[], $10::text[])
      on conflict (id) do update set document = excluded.document)
  insert into engine.runs (id, ended_at, document) select * from unnest($11::text[], $12::bigint[], $13::text[])
  on conflict (id) do update set ended_at = excluded.ended_at, document = excluded.document`;

export async function postgresStore(url: string, options?: SessionOptions): Promise<Store> {
  const session = await openSession(url, options);
  await session.use((client) => client.query(dropOld + schema));
  return {
    load: () =>
      session.use(async (client) => {
        const read = async <T>(table: string, order: string): Promise<T[]> => {
          const { rows } = await client.query<{ document: string }>(
            `select document from engine.${table} order by ${order}`,
          );
          return rows.map(({ document }) => z.custom<T>().parse(JSON.parse(document)));
        };
        return {
          apps: await read<App>("apps", "id"),
          notes: await read<Note>("notes", "id"),
          events: await read<StoredEvent>("events", "received_at, id"),
          runs: await read<RunDocument>("runs", "ended_at nulls last, id"),
        };
      }),

    async commit(group) {
      try {
        // The group is serialized once, so that a second try stores the same text, even when a run has changed since
        // the first try.
        const values = serialise(group);
        await session.use((client) => client.query({ name: "commit", text: commitStatement, values }));
      } catch (error) {
        throw isOfTheData(error) ? new Unstorable(error.message) : error;
      }
    },

    close: () => session.close(),
  };
}

/** Documents are text, because jsonb refuses NUL, lone surrogates and deep nesting. */
const serialise = ({ events, runs, apps, notes, forgotten }: Group): unknown[] => [
  forgotten.runs,
  forgotten.events,
  notes.deleted.map(hash),
  apps.map(({ id }) => hash(id)),
  apps.map((app) => JSON.stringify(app)),
  notes.written.map(({ key }) => hash(key)),
  notes.written.map((note) => JSON.stringify(note)),
  events.map(({ internalId }) => internalId),
  events.map(({ receivedAt }) => receivedAt),
  events.map((event) => JSON.stringify(event)),
  runs.map(({ id }) => id),
  runs.map(({ endedAt }) => endedAt ?? null),
  runs.map((run) => JSON.stringify(run)),
];

/** An index key may have at most about 2,700 bytes, so the key is hashed. */
const hash = (key: string): Buffer => createHash("sha256").update(key).digest();

/**
 * Whether the data caused the error. Codes of class 22 mean that a value does not fit, and codes of class 54 mean that
 * a value is too large. A RangeError means that a value is too long or too deep to be written as text.
 */
const isOfTheData = (error: unknown): error is Error =>
  error instanceof RangeError ||
  (error instanceof Error && "code" in error && /^(22|54)/.test(String(error.code)));
