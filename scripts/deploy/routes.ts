/**
 * Checks which door answers which address: every route of the API must have exactly one door, and no two doors may
 * share an address.
 */
import type { Door } from "./manifest.ts";

export type ApiRoute = { method: string; path: string };

/** An address that matches the pattern: parameters and wildcards get a value. */
export const example = (pattern: string): string =>
  pattern.replace(/:\w+|\{\w+\}/g, "00000000-0000-4000-8000-000000000000").replace(/\*$/, "some/where");

export const doorsFor = (doors: readonly Door[], method: string, address: string): string[] =>
  doors
    .filter(
      ({ routes, excludedRoutes }) =>
        !excludedRoutes.some((route) => covers(route, address)) &&
        routes.some(
          (route) =>
            (route.methods === undefined || route.methods.length === 0 || route.methods.includes(method)) &&
            covers(route, address),
        ),
    )
    .map(({ name }) => name);

const covers = (
  { literal, expression }: Pick<Door["routes"][number], "literal" | "expression">,
  address: string,
) => (expression === undefined ? literal === address : new RegExp(expression).test(address));

export const collisions = (doors: readonly Door[]): string[] =>
  doors.flatMap(({ name, routes }) =>
    routes.flatMap(({ pattern, methods = [] }) =>
      // The bundler gives a route that takes every method an empty list.
      (methods.length === 0 ? ["GET"] : methods)
        .map((method) => ({ method, others: doorsFor(doors, method, example(pattern)) }))
        .filter(({ others }) => others.length > 1)
        .map(
          ({ method, others }) => `${method} ${pattern} of ${name} is answered by ${others.join(" and ")}.`,
        ),
    ),
  );

export const unreachable = (doors: readonly Door[], api: readonly ApiRoute[]): string[] =>
  api
    .filter(({ method, path }) => doorsFor(doors, method, example(path)).length === 0)
    .map(({ method, path }) => `${method} ${path} is in the API's table, but no door leads to it.`);
