import type { Identity } from "../database.ts";
import { type Answer, type Ask, refuse } from "../http.ts";
import { callWithBody, callWithParams } from "./call.ts";
import type { CatalogCache, FunctionEntry } from "./catalog.ts";
import { chooseFunction, functionNotFound } from "./choose-function.ts";
import { RestError, wrongMethod } from "./errors.ts";
import { readPreferences } from "./negotiate.ts";
import { isReadWord, looksLikeFilter, parseReadQuery } from "./read-query.ts";
import type { Run } from "./run.ts";

/** `/rest/v1/rpc/<name>`: POST with a JSON body, or GET with the arguments in the query. */
export const createFunctions = (catalog: CatalogCache, run: Run) => {
  const find = async (name: string, given: readonly string[]): Promise<FunctionEntry> => {
    const known = chooseFunction(await catalog.current(), name, given);
    if (known !== undefined) return known;
    // It may be newer than what we know: hosted projects learn of it as late.
    const fresh = await catalog.reload();
    const entry = chooseFunction(fresh, name, given);
    if (entry === undefined) throw functionNotFound(fresh, name, given);
    return entry;
  };

  const post = async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    const preferences = readPreferences(ask);
    const body = await ask.text();
    const given = argumentNamesOf(body);
    const entry = await find(name, given);
    const query = parseReadQuery(ask.query);
    const sql = callWithBody(entry, given, body, query, { ...preferences, headOnly: false });
    return run(ask, identity, { ...sql, readOnly: false }, preferences, entry);
  };

  const get = async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    const preferences = readPreferences(ask);
    const given = new URLSearchParams();
    const filters = new URLSearchParams();
    for (const [key, value] of ask.query) {
      (isReadWord(key) || looksLikeFilter(value) ? filters : given).append(key, value);
    }
    const entry = await find(name, [...given.keys()]);
    const wanted = { ...preferences, headOnly: ask.method === "HEAD" };
    const sql = callWithParams(entry, given, parseReadQuery(filters), wanted);
    return run(ask, identity, { ...sql, readOnly: entry.volatile }, preferences, entry);
  };

  return async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    if (ask.method === "POST") return post(ask, identity, name);
    if (ask.method === "GET" || ask.method === "HEAD") return get(ask, identity, name);
    throw wrongMethod(ask.method);
  };
};

const argumentNamesOf = (body: string): readonly string[] => {
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
