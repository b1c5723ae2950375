import { exposedSchema, type FunctionEntry } from "./catalog.ts";
import type { ReadQuery } from "./read-query.ts";
import { quote, readStatement, type Shape, type Sql } from "./read-sql.ts";

/** POST: the whole body is one parameter, which Postgres itself takes apart by the parameters' own types. */
export const callWithBody = (
  entry: FunctionEntry,
  names: readonly string[],
  body: string,
  query: ReadQuery,
  wanted: Wanted,
): Sql => {
  const given = entry.parameters.filter(({ name }) => names.includes(name));
  if (given.length === 0) return call(entry, `${target(entry)}()`, query, wanted, []);
  const definitions = given.map(({ name, type }) => `${quote(name)} ${type}`);
  const passed = given.map(({ name }) => `${quote(name)} := pgrst_body.${quote(name)}`);
  const from = `json_to_record($1::json) as pgrst_body(${definitions.join(", ")}), lateral ${target(entry)}(${passed.join(", ")})`;
  return call(entry, from, query, wanted, [body]);
};

/** GET: every argument comes as text in the query. */
export const callWithParams = (
  entry: FunctionEntry,
  params: URLSearchParams,
  query: ReadQuery,
  wanted: Wanted,
): Sql => {
  const values: unknown[] = [];
  const passed = entry.parameters
    .filter(({ name }) => params.has(name))
    .map(({ name, type }) => `${quote(name)} := $${values.push(params.get(name))}::${type}`);
  return call(entry, `${target(entry)}(${passed.join(", ")})`, query, wanted, values);
};

export type Wanted = Pick<Shape, "headOnly"> & { single: boolean; count: boolean };

const target = ({ name }: FunctionEntry) => `${quote(exposedSchema)}.${quote(name)}`;

const call = (
  entry: FunctionEntry,
  from: string,
  query: ReadQuery,
  wanted: Wanted,
  values: unknown[],
): Sql => {
  const alias = quote(entry.name);
  const columns = entry.returns === "row" ? "" : "(pgrst_scalar)";
  const source = `(select ${alias}.* from ${from} as ${alias}${columns})`;
  const shape: Shape = {
    body: bodyOf(entry, wanted.single),
    total: wanted.count ? "once" : "none",
    headOnly: wanted.headOnly,
    oneRow: !entry.returnsSet && !wanted.count && isUnfiltered(query),
    enforceSingle: wanted.single && entry.returnsSet && entry.volatile,
  };
  return readStatement(source, entry.name, query, shape, values);
};

const isUnfiltered = ({ filters, limit, offset }: ReadQuery) =>
  filters.length === 0 && limit === undefined && offset === 0;

const bodyOf = ({ returns, returnsSet }: FunctionEntry, single: boolean): Shape["body"] => {
  if (returns === "void") return "nothing";
  if (returns === "scalar") return returnsSet ? "values" : "value";
  return returnsSet && !single ? "rows" : "object";
};
