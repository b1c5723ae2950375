import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, refuse } from "../http.ts";
import type { CatalogCache } from "./catalog.ts";
import { errorAnswer, RestError } from "./errors.ts";
import { createFunctions } from "./functions.ts";
import { createRelations } from "./relations.ts";
import { createRun } from "./run.ts";

/** `/rest/v1`: functions and plain reads, as PostgREST answers them. */
export const createRest = (database: Database, catalog: CatalogCache) => {
  const run = createRun(database);
  const callFunction = createFunctions(catalog, run);
  const readRelation = createRelations(catalog, run);

  const route = (ask: Ask, identity: Identity): Promise<Answer> => {
    const [first = "", second, ...more] = ask.path
      .slice("/rest/v1/".length)
      .split("/")
      .map(decodeURIComponent);
    if (first === "") return refuse("the OpenAPI description at /rest/v1/");
    if (second === undefined) return readRelation(ask, identity, first);
    if (first === "rpc" && more.length === 0) return callFunction(ask, identity, second);
    throw new RestError(404, "PGRST125", "Invalid path specified in request URL");
  };

  return async (ask: Ask, identity: Identity): Promise<Answer> => {
    try {
      return await route(ask, identity);
    } catch (error) {
      const answer = errorAnswer(error, identity.role);
      if (answer === undefined) throw error;
      return answer;
    }
  };
};
