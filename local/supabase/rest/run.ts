import pg from "pg";
import type { Database, Identity, Statement } from "../database.ts";
import type { Answer, Ask } from "../http.ts";
import type { FunctionEntry } from "./catalog.ts";
import { answerRows, notOneRow, type Preferences } from "./negotiate.ts";
import { notSingle } from "./read-sql.ts";

/** From a statement to its answer. */
export type Run = (
  ask: Ask,
  identity: Identity,
  statement: Statement,
  preferences: Preferences,
  entry?: FunctionEntry,
) => Promise<Answer>;

export const createRun =
  (database: Database): Run =>
  async (ask, identity, statement, preferences, entry) => {
    const facts = { method: ask.method, path: ask.path };
    const rows = await database.run(identity, statement, facts).catch(rethrowNotSingle);
    return answerRows(ask, rows[0], preferences, entry);
  };

/** The statement undid itself because it found another number of rows than the one it was asked for. */
const rethrowNotSingle = (error: unknown): never => {
  const isOurs = error instanceof pg.DatabaseError && error.code === "22P02";
  const count = isOurs ? error.message.split(notSingle)[1] : undefined;
  throw count === undefined ? error : notOneRow(Number.parseInt(count, 10));
};
