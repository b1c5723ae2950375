import { z } from "zod";
import type { Database, Identity, Statement } from "../database.ts";
import { type Answer, type Ask, refuse } from "../http.ts";
import { type CatalogCache, exposedSchema } from "./catalog.ts";
import { errorAnswer, RestError } from "./errors.ts";
import { argumentNamesOf, findFunction } from "./functions.ts";
import { wantsSingle } from "./headers.ts";
import { parseReadQuery } from "./read-query.ts";
import { callStatement, readStatement } from "./statements.ts";

type Work = (identity: Identity) => Promise<Answer>;

/**
 * `/rest/v1`: function calls and plain reads, answered like PostgREST. Requests that are not modeled are refused before
 * the key is checked.
 */
export const createRest = (database: Database, catalog: CatalogCache) => {
  const run = async (ask: Ask, identity: Identity, statement: Statement) => {
    const [row] = await database.run(identity, statement, { method: ask.method, path: ask.path });
    const [body = null, count = "0", headers = null] = row ?? [];
    return { body: body ?? "null", rows: Number(count), headers: headersOf(headers) };
  };

  const callFunction =
    (ask: Ask, name: string): Work =>
    async (identity) => {
      const body = await ask.text();
      const given = argumentNamesOf(body);
      const entry = await findFunction(catalog, name, given);
      const answer = await run(ask, identity, callStatement(entry, given, body));
      return entry.returns === "void"
        ? { status: 204, headers: answer.headers }
        : ok(answer.body, answer.headers);
    };

  const readTable = (ask: Ask, name: string, single: boolean): Work => {
    const query = parseReadQuery(ask.query);
    return async (identity) => {
      if (!(await catalog.current()).relations.has(name) && !(await catalog.reload()).relations.has(name))
        throw tableNotFound(name);
      const { body, rows } = await run(ask, identity, readStatement(name, query, single));
      if (single && rows !== 1) throw notOneRow(rows);
      return ok(body);
    };
  };

  const route = (ask: Ask): Work => {
    const [first = "", second, ...more] = ask.path
      .slice("/rest/v1/".length)
      .split("/")
      .map(decodeURIComponent);
    if (first === "") return refuse("the OpenAPI description at /rest/v1/");
    if (second === undefined) {
      if (ask.method !== "GET")
        return refuse(`${ask.method} on the table "${first}" (reads are GET, writes go through rpc())`);
      return readTable(ask, first, wantsSingle(ask));
    }
    if (first !== "rpc" || more.length > 0)
      throw new RestError(404, "PGRST125", "Invalid path specified in request URL");
    if (ask.method !== "POST") return refuse(`${ask.method} on the function "${second}" (calls are POST)`);
    if (wantsSingle(ask) || ask.query.size > 0) return refuse("select(), filters and single() after rpc()");
    return callFunction(ask, second);
  };

  return async (ask: Ask, identify: (ask: Ask) => Promise<Identity>): Promise<Answer> => {
    let role = "anon";
    try {
      const work = route(ask);
      const identity = await identify(ask);
      role = identity.role;
      return await work(identity);
    } catch (error) {
      const answer = errorAnswer(error, role);
      if (answer === undefined) throw error;
      return answer;
    }
  };
};

const ok = (body: string, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body,
});

const headerList = z.array(z.record(z.string(), z.string()));

/** A function can set headers of its answer: `set_config('response.headers', '[{"name": "value"}]', true)`. */
const headersOf = (setting: string | null): Record<string, string> =>
  setting === null
    ? {}
    : Object.fromEntries(headerList.parse(JSON.parse(setting)).flatMap(Object.entries<string>));

const notOneRow = (rows: number) =>
  new RestError(406, "PGRST116", "Cannot coerce the result to a single JSON object", {
    details: `The result contains ${rows} rows`,
  });

const tableNotFound = (name: string) =>
  new RestError(404, "PGRST205", `Could not find the table '${exposedSchema}.${name}' in the schema cache`);
