// @ts-check
/** The page's only way to the data: `/api`, with the key of this tab. */

/**
 * What the API answers, in the API's own types: the page stops compiling when an answer changes its shape.
 * @typedef {import("zod").output<typeof import("#jobs/view.ts").jobView>} Job
 * @typedef {import("zod").output<typeof import("#jobs/view.ts").jobDetailsView>} JobDetails
 * @typedef {import("zod").output<typeof import("#dead-letters/view.ts").letterView>} Letter
 */
/** @template Item @typedef {{ items: Item[], nextCursor: string | null }} Page */

const KEY = "nightshift-key";

/** What the API says when it refuses. */
export class Problem extends Error {
  /** @param {number} status @param {string} message @param {string} hint */
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

export const key = () => sessionStorage.getItem(KEY);
export const forgetKey = () => sessionStorage.removeItem(KEY);
/** @param {string} value */
export const rememberKey = (value) => sessionStorage.setItem(KEY, value.trim());

/** Takes a key handed over as `#key=…` and removes it from the address, so that it is neither shared nor kept. */
export function takeKeyFromAddress() {
  const found = /^#key=(.+)$/.exec(location.hash);
  if (!found?.[1]) return;
  rememberKey(decodeURIComponent(found[1]));
  history.replaceState(null, "", `${location.pathname}${location.search}#/jobs`);
}

/** @param {unknown} body @param {"detail" | "hint"} field */
const text = (body, field) => {
  /** @type {Array<[string, unknown]>} */
  const entries = typeof body === "object" && body !== null ? Object.entries(body) : [];
  const value = new Map(entries).get(field);
  return typeof value === "string" ? value : "";
};

/**
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<unknown>}
 */
async function ask(method, path, body) {
  const headers = new Headers({ authorization: `Bearer ${key() ?? ""}` });
  if (body !== undefined) headers.set("content-type", "application/json");
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(path, init).catch(() => {
    throw new Problem(0, "The site does not answer", "It is asked again every few seconds.");
  });
  /** @type {unknown} */
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const message = text(answer, "detail") || `The site answered ${response.status}`;
  throw new Problem(response.status, message, text(answer, "hint"));
}

/** @template Answer @param {string} path @returns {Promise<Answer>} */
export async function get(path) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- page and API are deployed together
  return /** @type {Answer} */ (await ask("GET", path));
}

/** @param {string} path @param {object} [body] */
export const post = (path, body) => ask("POST", path, body);
/** @param {string} path */
export const remove = (path) => ask("DELETE", path);

/** `/api/jobs?status=failed`: only what is filled in. @param {string} path @param {Record<string, string | null | undefined>} filter */
export function address(path, filter) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}
