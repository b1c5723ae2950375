import pg from "pg";
import { binaryOperators, type Filter, isValues, type ReadQuery } from "./read-query.ts";

export const quote = pg.escapeIdentifier;

export type Sql = { text: string; values: unknown[] };

/** Hosted projects give at most this many rows in one answer. */
export const maxRows = 1000;

export type Shape = {
  /** `rows`: an array; `object`: exactly one row; `value`: what the function itself returns; `nothing`: void. */
  body: "rows" | "object" | "value" | "values" | "nothing";
  /** How the number of rows beyond this page is found. */
  total: "none" | "once" | "again";
  /** The answer carries no body (HEAD). */
  headOnly: boolean;
  /** Undo everything if there is not exactly one row: a function that writes was asked for one. */
  enforceSingle: boolean;
  /** There is exactly one row for certain: nothing is gathered, and a large document is not read twice. */
  oneRow: boolean;
};

/**
 * One statement that does the work and builds the JSON. It gives one row: body, rows on this page, rows in all,
 * headers and status that the function set. `source` is what stands behind `from`; `name` is how the
 * database's own error messages then call it.
 */
export const readStatement = (
  source: string,
  name: string,
  query: ReadQuery,
  shape: Shape,
  values: unknown[],
): Sql => {
  const bind = (value: unknown) => `$${values.push(value)}`;
  const alias = quote(name);
  const columns =
    query.columns === "*" ? `${alias}.*` : query.columns.map((column) => selected(alias, column)).join(", ");
  const where =
    query.filters.length === 0
      ? ""
      : ` where ${query.filters.map((f) => condition(alias, f, bind)).join(" and ")}`;
  const order =
    query.order.length === 0
      ? ""
      : ` order by ${query.order.map((o) => `${alias}.${quote(o.column)} ${o.suffix}`).join(", ")}`;
  const limit = Math.min(query.limit ?? maxRows, maxRows);
  const page = ` limit ${bind(limit)}${query.offset === 0 ? "" : ` offset ${bind(query.offset)}`}`;
  // A function runs once, its rows are kept and counted; of a table only the count is read again.
  const once = shape.total === "once";
  const all = once ? `with pgrst_source as (select * from ${source} as ${alias}${where}) ` : "";
  const inner = `select ${columns} from ${once ? "pgrst_source" : source} as ${alias}${once ? "" : where}${order}${page}`;
  const total = {
    none: "null",
    once: "(select count(*) from pgrst_source)::text",
    again: `(select count(*) from ${source} as ${alias}${where})::text`,
  }[shape.total];
  const text =
    `${all}select ${bodyExpression(shape)}, ${shape.oneRow ? "'1'" : "count(*)::text"}, ${total}, ` +
    "nullif(current_setting('response.headers', true), ''), nullif(current_setting('response.status', true), '') " +
    `from (${inner}) as pgrst_row`;
  return { text, values };
};

const selected = (alias: string, { name, alias: shown }: { name: string; alias?: string }) =>
  `${alias}.${quote(name)}${shown === undefined ? "" : ` as ${quote(shown)}`}`;

const bodyExpression = ({ body, headOnly, enforceSingle, oneRow }: Shape): string => {
  if (headOnly || body === "nothing") return "null";
  if (body === "rows") return "coalesce(json_agg(pgrst_row), '[]')::text";
  if (body === "values") return "coalesce(json_agg(pgrst_row.pgrst_scalar), '[]')::text";
  const row = body === "value" ? "pgrst_row.pgrst_scalar" : "pgrst_row";
  const one = oneRow ? `to_json(${row})::text` : `(json_agg(${row}) -> 0)::text`;
  if (body === "value") return `coalesce(${one}, 'null')`;
  // The only way for one plain statement to fail on its own finding, and thereby to undo what it did.
  return enforceSingle
    ? `case when count(*) = 1 then ${one} else ('${notSingle}' || count(*))::int::text end`
    : one;
};

/** Begins the database's complaint about a text that is no number; see `object` above. */
export const notSingle = "PGRST116:";

const condition = (alias: string, filter: Filter, bind: (value: unknown) => string): string => {
  const column = `${alias}.${quote(filter.column)}`;
  const not = filter.negated ? "not " : "";
  switch (filter.operator) {
    case "in":
      return `${not}${column} = any(${bind(filter.values)})`;
    case "is":
      return `${not}${column} is ${isValues[filter.value]}`;
    default:
      return `${not}${column} ${binaryOperators[filter.operator]} ${bind(filter.value)}`;
  }
};
