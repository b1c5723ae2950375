import pg from "pg";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, notModeled, refuse } from "../http.ts";
import { callWithBody, callWithParams } from "./call.ts";
import { type CatalogCache, exposedSchema, type FunctionEntry } from "./catalog.ts";
import { chooseFunction, functionNotFound } from "./choose-function.ts";
import { closest } from "./closest.ts";
import { errorAnswer, RestError } from "./errors.ts";
import { answerRows, notOneRow, type Preferences, readPreferences } from "./negotiate.ts";
import { parseReadQuery } from "./read-query.ts";
import { notSingle, quote, readStatement, type Sql } from "./read-sql.ts";

/** `/rest/v1`: functions and plain reads, as PostgREST answers them. */
export const createRest = (database: Database, catalog: CatalogCache) => {
  const run = async (
    ask: Ask,
    identity: Identity,
    sql: Sql,
    preferences: Preferences,
    entry?: FunctionEntry,
  ) => {
    const readOnly = entry?.volatile === true && ask.method !== "POST";
    const facts = { method: ask.method, path: ask.path };
    const rows = await database.run(identity, { ...sql, readOnly }, facts).catch(rethrowNotSingle);
    return answerRows(ask, rows[0], preferences, entry);
  };

  const callFunction = async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    if (ask.method !== "POST" && ask.method !== "GET" && ask.method !== "HEAD") throw wrongMethod(ask.method);
    const preferences = readPreferences(ask);
    const wanted = { ...preferences, headOnly: ask.method === "HEAD" };
    if (ask.method === "POST") {
      const body = await ask.text();
      const names = argumentNamesOf(body);
      const entry = await findFunction(name, () => names);
      const query = parseReadQuery(ask.query, noNames);
      return run(ask, identity, callWithBody(entry, new Set(names), body, query, wanted), preferences, entry);
    }
    // What is not a word of the query language names an argument, or is a filter where the function has no such one.
    const given = [...new Set(ask.query.keys())].filter((key) => !reserved.has(key));
    const known = (await catalog.current()).functions.get(name) ?? [];
    const parameterNames = new Set(
      known.flatMap((entry) => entry.parameters.map((parameter) => parameter.name)),
    );
    const names = given.filter((key) => parameterNames.size === 0 || parameterNames.has(key));
    const entry = await findFunction(name, () => names);
    const query = parseReadQuery(ask.query, new Set(names));
    return run(ask, identity, callWithParams(entry, ask.query, query, wanted), preferences, entry);
  };

  const findFunction = async (name: string, names: () => readonly string[]): Promise<FunctionEntry> => {
    const found = chooseFunction(await catalog.current(), name, names());
    if (found !== undefined) return found;
    const fresh = await catalog.reload();
    const entry = chooseFunction(fresh, name, names());
    if (entry === undefined) throw functionNotFound(fresh, name, names());
    return entry;
  };

  const readRelation = async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    if (ask.method !== "GET" && ask.method !== "HEAD") {
      if (["POST", "PATCH", "PUT", "DELETE"].includes(ask.method)) {
        return notModeled(`${ask.method} on a table ("${name}"): writes are functions, called by rpc()`);
      }
      throw wrongMethod(ask.method);
    }
    const preferences = readPreferences(ask);
    const query = parseReadQuery(ask.query, noNames);
    if (!(await catalog.current()).relations.has(name)) {
      const { relations } = await catalog.reload();
      if (!relations.has(name)) throw relationNotFound(name, relations);
    }
    const shape = {
      body: preferences.single ? ("object" as const) : ("rows" as const),
      total: preferences.count ? ("again" as const) : ("none" as const),
      headOnly: ask.method === "HEAD",
      enforceSingle: false,
    };
    const sql = readStatement(`${quote(exposedSchema)}.${quote(name)}`, name, query, shape, []);
    return run(ask, identity, sql, preferences);
  };

  return async (ask: Ask, identity: Identity): Promise<Answer> => {
    try {
      const [first, second, ...more] = ask.path.slice("/rest/v1/".length).split("/").map(decodeURIComponent);
      if (first === undefined || first === "") return refuse("the OpenAPI description at /rest/v1/");
      if (first === "rpc" && second !== undefined && more.length === 0)
        return await callFunction(ask, identity, second);
      if (second === undefined) return await readRelation(ask, identity, first);
      throw new RestError(404, "PGRST125", "Invalid path specified in request URL");
    } catch (error) {
      const answer = errorAnswer(error, identity.role);
      if (answer === undefined) throw error;
      return answer;
    }
  };
};

/** The statement undid itself because it found another number of rows than the one it was asked for. */
const rethrowNotSingle = (error: unknown): never => {
  const found =
    error instanceof pg.DatabaseError && error.code === "22P02"
      ? error.message.split(notSingle)[1]
      : undefined;
  throw found === undefined ? error : notOneRow(Number.parseInt(found, 10));
};

const noNames: ReadonlySet<string> = new Set();
const reserved = new Set([
  "select",
  "order",
  "limit",
  "offset",
  "columns",
  "on_conflict",
  "or",
  "and",
  "not.or",
  "not.and",
]);

const argumentNamesOf = (body: string): string[] => {
  if (body === "" || body === "{}") return [];
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new RestError(400, "PGRST102", "Empty or invalid json");
  }
  if (Array.isArray(value)) return refuse("a function call with an array of argument lists");
  if (typeof value !== "object" || value === null)
    throw new RestError(400, "PGRST102", "Empty or invalid json");
  return Object.keys(value);
};

const wrongMethod = (method: string) => new RestError(405, "PGRST117", `Unsupported HTTP method: ${method}`);

const relationNotFound = (name: string, relations: ReadonlySet<string>) => {
  const near = closest(name, relations);
  return new RestError(
    404,
    "PGRST205",
    `Could not find the table '${exposedSchema}.${name}' in the schema cache`,
    {
      ...(near === undefined ? {} : { hint: `Perhaps you meant the table '${exposedSchema}.${near}'` }),
    },
  );
};
