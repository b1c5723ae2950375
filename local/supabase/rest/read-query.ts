import { refuse } from "../http.ts";
import { RestError } from "./errors.ts";

/** The part of PostgREST's query language that the stand-in models: one table, plain columns, filters joined by and. */
export type ReadQuery = {
  columns: { name: string; alias?: string }[] | "*";
  filters: Filter[];
  order: { column: string; suffix: string }[];
  limit?: number;
  offset: number;
};

export type Filter = { column: string; negated: boolean } & (
  | { operator: keyof typeof binaryOperators; value: string }
  | { operator: "in"; values: string[] }
  | { operator: "is"; value: keyof typeof isValues }
);

export const binaryOperators = {
  eq: "=",
  neq: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  like: "like",
  ilike: "ilike",
} as const;

export const isValues = {
  null: "null",
  not_null: "not null",
  true: "true",
  false: "false",
  unknown: "unknown",
} as const;

/** Operators of PostgREST that are left out on purpose. */
const otherOperators = new Set(
  "match imatch isdistinct fts plfts phfts wfts cs cd ov sl sr nxr nxl adj".split(" "),
);

const readWords = new Set([
  "select",
  "order",
  "limit",
  "offset",
  "or",
  "and",
  "not.or",
  "not.and",
  "columns",
  "on_conflict",
]);

/** True for what every read may say; in a GET call of a function all else is an argument or a filter. */
export const isReadWord = (key: string): boolean => readWords.has(key);

/** PostgREST tells filters from arguments by how the value begins. */
export const looksLikeFilter = (value: string): boolean => {
  const operator = /^(?:not\.)?([a-z]+)(?:\([^)]*\))?\./.exec(value)?.[1] ?? "";
  return isBinary(operator) || operator === "in" || operator === "is" || otherOperators.has(operator);
};

export const parseReadQuery = (params: URLSearchParams): ReadQuery => {
  const query: ReadQuery = { columns: "*", filters: [], order: [], offset: 0 };
  for (const [key, value] of params) {
    if (key === "select") query.columns = parseColumns(value);
    else if (key === "order") query.order = parseOrder(value);
    else if (key === "limit") query.limit = parseCount(key, value);
    else if (key === "offset") query.offset = parseCount(key, value);
    else if (isReadWord(key)) refuse(`the parameter "${key}=${value}"`);
    else query.filters.push(parseFilter(key, value));
  }
  return query;
};

const parseColumns = (text: string): ReadQuery["columns"] => {
  if (text === "" || text === "*") return "*";
  return text.split(",").map((item) => {
    const column = /^(?:([^:(),.>*"]+):)?([^:(),.>*"]+)$/.exec(item.trim());
    const [, alias, name] = column ?? [];
    if (name === undefined) return refuse(`select=${text} (embedding, casts, aggregates, JSON paths)`);
    return alias === undefined ? { name } : { name, alias };
  });
};

const parseOrder = (text: string): ReadQuery["order"] =>
  text.split(",").map((item) => {
    const [column, ...words] = item.split(".");
    if (column === undefined || /[->()]/.test(column)) return refuse(`order=${text} (JSON paths, embedding)`);
    const suffix = words.map((word) => orderWords.get(word));
    if (column === "" || suffix.includes(undefined)) throw unparsable(`order (${text})`);
    return { column, suffix: suffix.join(" ") };
  });

const orderWords: ReadonlyMap<string, string> = new Map([
  ["asc", "asc"],
  ["desc", "desc"],
  ["nullsfirst", "nulls first"],
  ["nullslast", "nulls last"],
]);

const parseCount = (key: string, value: string): number => {
  if (!/^\d+$/.test(value)) throw unparsable(`${key} parameter (${value})`);
  return Number(value);
};

const parseFilter = (column: string, text: string): Filter => {
  if (/[.>()]/.test(column)) return refuse(`the filter "${column}=${text}" (embedding, JSON paths)`);
  const negated = text.startsWith("not.");
  const rest = negated ? text.slice("not.".length) : text;
  const dot = rest.indexOf(".");
  const operator = dot < 0 ? rest : rest.slice(0, dot);
  const value = rest.slice(dot + 1);
  if (dot > 0 && isBinary(operator)) {
    const pattern = operator === "like" || operator === "ilike" ? value.replaceAll("*", "%") : value;
    return { column, negated, operator, value: pattern };
  }
  if (dot > 0 && operator === "in") return { column, negated, operator, values: parseList(value, text) };
  if (dot > 0 && operator === "is") {
    const lower = value.toLowerCase();
    if (!isIsValue(lower)) throw unparsable(`filter (${text})`);
    return { column, negated, operator, value: lower };
  }
  if (otherOperators.has(operator.replace(/\(.*$/, "")) || /\((any|all)\)$/.test(operator)) {
    return refuse(`the filter "${column}=${text}"`);
  }
  throw unparsable(`filter (${text})`);
};

const isBinary = (name: string): name is keyof typeof binaryOperators => Object.hasOwn(binaryOperators, name);
const isIsValue = (name: string): name is keyof typeof isValues => Object.hasOwn(isValues, name);

/** `(1,2,"a,b")`: quotes protect commas and brackets, a backslash protects a quote. */
const parseList = (text: string, whole: string): string[] => {
  if (!text.startsWith("(") || !text.endsWith(")")) throw unparsable(`filter (${whole})`);
  const inner = text.slice(1, -1);
  if (inner === "") return [];
  const values: string[] = [];
  const item = /(?:"((?:[^"\\]|\\[\s\S])*)"|([^,]*))(?:,|$)/y;
  while (item.lastIndex < inner.length || inner.endsWith(",")) {
    const match = item.exec(inner);
    if (match === null) throw unparsable(`filter (${whole})`);
    values.push(match[1]?.replace(/\\([\s\S])/g, "$1") ?? match[2] ?? "");
    if (item.lastIndex >= inner.length && !match[0].endsWith(",")) break;
  }
  return values;
};

const unparsable = (what: string) =>
  new RestError(400, "PGRST100", `"failed to parse ${what}" (line 1, column 1)`, {
    details: "unexpected input",
  });
