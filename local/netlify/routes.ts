import { URLPattern } from "urlpattern-polyfill";
import type { FunctionConfig } from "#netlify/config.ts";

export type Params = Record<string, string>;

/** Returns a function's path parameters when the request is for the function; otherwise undefined. */
export type Matcher = (method: string, url: URL) => Params | undefined;

/**
 * Netlify's routing of one function. A request reaches the function when its path and its method are listed. The static
 * files and their 404 answer all other requests. Without a path, a function is served only at
 * `/.netlify/functions/<name>`.
 */
export function matcherOf(name: string, config: FunctionConfig): Matcher {
  if (config.schedule !== undefined) return () => undefined;
  const routes = (config.path ?? [`/.netlify/functions/${name}`]).map(routeOf);
  const excluded = (config.excludedPath ?? []).map(routeOf);
  return (method, { pathname }) => {
    // `config.method` limits only requests to `config.path`. At its default address a function accepts any method.
    const isListed = config.path === undefined || config.method?.some((one) => one === method) !== false;
    if (!isListed) return undefined;
    const route = routes.find((one) => one.matches(pathname));
    if (route === undefined || excluded.some((one) => one.matches(pathname))) return undefined;
    return route.params(pathname);
  };
}

type Route = { matches(path: string): boolean; params(pathname: string): Params };

function routeOf(pattern: string): Route {
  const isExpression = pattern.split("/").some((part) => part.startsWith(":") || /[*{[(]/.test(part));
  if (!isExpression) {
    const literal = withoutTrailingSlash(pattern);
    return { matches: (path) => withoutTrailingSlash(path) === literal, params: () => ({}) };
  }
  const compiled = new URLPattern({ pathname: pattern });
  return {
    // The bundler's regular expression allows a slash at the end.
    matches: (pathname) =>
      [pathname, withoutTrailingSlash(pathname)].some((one) => compiled.test({ pathname: one })),
    params(pathname) {
      const groups = compiled.exec({ pathname: withoutTrailingSlash(pathname) })?.pathname.groups ?? {};
      const params: Params = {};
      for (const [name, value] of Object.entries(groups)) if (value !== undefined) params[name] = value;
      return params;
    },
  };
}

const withoutTrailingSlash = (text: string): string =>
  text.length > 1 && text.endsWith("/") ? text.slice(0, -1) : text;
