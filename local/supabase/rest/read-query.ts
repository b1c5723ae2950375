import { refuse } from "../http.ts";
import { RestError } from "./errors.ts";

/**
 * The part of PostgREST's query language that the stand-in models: one table, plain columns, and comparisons joined by
 * "and".
 */
export type ReadQuery = {
  columns: readonly string[] | "*";
  filters: Filter[];
  order: { column: string; suffix: string }[];
  limit?: number;
};

type Filter = { column: string; operator: string; value: string };

const operators: ReadonlyMap<string, string> = new Map([
  ["eq", "="],
  ["neq", "<>"],
  ["gt", ">"],
  ["gte", ">="],
  ["lt", "<"],
  ["lte", "<="],
]);

/** Parameters of PostgREST that are not names of columns. */
const otherWords = new Set(["offset", "or", "and", "not.or", "not.and", "columns", "on_conflict"]);

export const parseReadQuery = (params: URLSearchParams): ReadQuery => {
  const query: ReadQuery = { columns: "*", filters: [], order: [] };
  for (const [key, value] of params) {
    if (key === "select") query.columns = parseColumns(value);
    else if (key === "order") query.order = parseOrder(value);
    else if (key === "limit") query.limit = parseLimit(value);
    else if (otherWords.has(key)) refuse(`the parameter "${key}=${value}"`);
    else query.filters.push(parseFilter(key, value));
  }
  return query;
};

const parseColumns = (text: string): ReadQuery["columns"] => {
  if (text === "" || text === "*") return "*";
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => !isPlain(name)))
    return refuse(`select=${text} (renaming, embedding, casts, aggregates, JSON paths)`);
  return names;
};

const isPlain = (name: string) => /^[^:(),.>*"]+$/.test(name);

const parseOrder = (text: string): ReadQuery["order"] =>
  text.split(",").map((item) => {
    const [column = "", ...words] = item.split(".");
    if (/[->()]/.test(column)) return refuse(`order=${text} (JSON paths, embedding)`);
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

const parseLimit = (value: string): number => {
  if (!/^\d+$/.test(value)) throw unparsable(`limit parameter (${value})`);
  return Number(value);
};

const parseFilter = (column: string, text: string): Filter => {
  const [, word = "", value = ""] = /^([a-z]+)\.(.*)$/s.exec(text) ?? [];
  const operator = operators.get(word);
  if (!isPlain(column) || operator === undefined) return refuse(`the filter "${column}=${text}"`);
  return { column, operator, value };
};

const unparsable = (what: string) =>
  new RestError(400, "PGRST100", `"failed to parse ${what}" (line 1, column 1)`, {
    details: "unexpected input",
  });
