import pg from "pg";
import { exposedSchema, type FunctionEntry } from "./catalog.ts";
import type { ReadQuery } from "./read-query.ts";

/**
 * Each statement does the work, builds the JSON, and returns one row: the answer's body, its number of rows, and for a
 * call the headers that the function has set.
 */
export type Sql = { text: string; values: unknown[] };

const quote = pg.escapeIdentifier;

/** Hosted projects return at most this many rows in one answer. */
const maxRows = 1000;

/** With `single` the body is the one row itself instead of a list. */
export const readStatement = (name: string, query: ReadQuery, single: boolean): Sql => {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  // The alias is the table's own name, because the error messages of Postgres contain the alias.
  const table = quote(name);
  const of = (column: string) => `${table}.${quote(column)}`;
  const columns = query.columns === "*" ? `${table}.*` : query.columns.map(of).join(", ");
  const conditions = query.filters.map((one) => `${of(one.column)} ${one.operator} ${bind(one.value)}`);
  const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  const keys = query.order.map(({ column, suffix }) => `${of(column)} ${suffix}`);
  const order = keys.length === 0 ? "" : ` order by ${keys.join(", ")}`;
  const limit = bind(Math.min(query.limit ?? maxRows, maxRows));
  const rows = `select ${columns} from ${quote(exposedSchema)}.${table}${where}${order} limit ${limit}`;
  const body = single ? "(json_agg(pgrst_row) -> 0)::text" : "coalesce(json_agg(pgrst_row), '[]')::text";
  return { text: `select ${body}, count(*)::text from (${rows}) as pgrst_row`, values };
};

/** The whole body is one parameter, which Postgres parses by the types of the function's parameters. */
export const callStatement = (entry: FunctionEntry, names: readonly string[], body: string): Sql => {
  const given = entry.parameters.filter(({ name }) => names.includes(name));
  const target = `${quote(exposedSchema)}.${quote(entry.name)}`;
  const definitions = given.map(({ name, type }) => `${quote(name)} ${type}`);
  const passed = given.map(({ name }) => `${quote(name)} := pgrst_body.${quote(name)}`);
  const call = `${target}(${passed.join(", ")})`;
  const source =
    given.length === 0
      ? call
      : `json_to_record($1::json) as pgrst_body(${definitions.join(", ")}), lateral ${call}`;
  const columns = entry.returns === "row" ? "" : "(pgrst_scalar)";
  const rows = `select pgrst_call.* from ${source} as pgrst_call${columns} limit ${maxRows}`;
  return {
    text: `select ${bodyOf(entry)}, nullif(current_setting('response.headers', true), '') from (${rows}) as pgrst_row`,
    values: given.length === 0 ? [] : [body],
  };
};

const bodyOf = ({ returns, returnsSet }: FunctionEntry): string => {
  if (returns === "void") return "null, count(*)::text";
  const row = returns === "scalar" ? "pgrst_row.pgrst_scalar" : "pgrst_row";
  if (returnsSet) return `coalesce(json_agg(${row}), '[]')::text, count(*)::text`;
  // There is exactly one row, so no aggregate is needed. An aggregate would read a large document twice.
  return `coalesce(to_json(${row})::text, 'null'), '1'`;
};
