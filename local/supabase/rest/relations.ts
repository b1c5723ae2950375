import type { Identity } from "../database.ts";
import { type Answer, type Ask, refuse } from "../http.ts";
import { type CatalogCache, exposedSchema } from "./catalog.ts";
import { closest } from "./closest.ts";
import { RestError, wrongMethod } from "./errors.ts";
import { readPreferences } from "./negotiate.ts";
import { parseReadQuery } from "./read-query.ts";
import { quote, readStatement, type Shape } from "./read-sql.ts";
import type { Run } from "./run.ts";

const writes = new Set(["POST", "PATCH", "PUT", "DELETE"]);

/** `/rest/v1/<table>`: reads alone. Writes are functions in this house, so a write here is a mistake to be told. */
export const createRelations = (catalog: CatalogCache, run: Run) => {
  const mustExist = async (name: string): Promise<void> => {
    if ((await catalog.current()).relations.has(name)) return;
    const { relations } = await catalog.reload();
    if (!relations.has(name)) throw relationNotFound(name, relations);
  };

  return async (ask: Ask, identity: Identity, name: string): Promise<Answer> => {
    if (writes.has(ask.method))
      return refuse(`${ask.method} on the table "${name}" (writes go through rpc())`);
    if (ask.method !== "GET" && ask.method !== "HEAD") throw wrongMethod(ask.method);
    const preferences = readPreferences(ask);
    const query = parseReadQuery(ask.query);
    await mustExist(name);
    const shape: Shape = {
      body: preferences.single ? "object" : "rows",
      total: preferences.count ? "again" : "none",
      headOnly: ask.method === "HEAD",
      enforceSingle: false,
      oneRow: false,
    };
    const sql = readStatement(`${quote(exposedSchema)}.${quote(name)}`, name, query, shape, []);
    return run(ask, identity, { ...sql, readOnly: false }, preferences);
  };
};

const relationNotFound = (name: string, relations: ReadonlySet<string>) => {
  const near = closest(name, relations);
  const message = `Could not find the table '${exposedSchema}.${name}' in the schema cache`;
  const hint = near === undefined ? {} : { hint: `Perhaps you meant the table '${exposedSchema}.${near}'` };
  return new RestError(404, "PGRST205", message, hint);
};
