import { AppError } from "#lib/errors.ts";
import { POLICIES, type Route } from "#lib/http/route.ts";

type Table = Map<string, Route>;

/** Literal paths come before paths with parameters, so that `/jobs/latest` is not read as an id. */
export function tablesByPath(routes: readonly Route[]): [string, Table][] {
  const tables = new Map<string, Table>();
  for (const route of routes) {
    // TypeScript requires a policy. This check is for code that bypasses the types.
    if (!POLICIES.includes(route.policy)) {
      throw new AppError("configuration", `${route.method} ${route.path} has no policy`);
    }
    if (route.ticket && (route.method !== "GET" || route.policy !== "user")) {
      throw new AppError(
        "configuration",
        `${route.method} ${route.path}: a ticket is only for GET routes of users`,
      );
    }
    const table: Table = tables.get(route.path) ?? new Map();
    if (table.has(route.method)) {
      throw new AppError("configuration", `${route.method} ${route.path} is registered twice`);
    }
    tables.set(route.path, table.set(route.method, route));
  }
  return [...tables].toSorted(
    ([a], [b]) => Number(a.includes(":")) - Number(b.includes(":")) || a.localeCompare(b),
  );
}

/** A path with GET also answers HEAD, with the same headers and no body. */
export const methodsOf = (table: Table): string[] =>
  [...table.keys()].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));

export const methodNotAllowed = (table: Table): AppError =>
  new AppError("method_not_allowed", `This address accepts only ${methodsOf(table).join(", ")}`);
