import type pg from "pg";

export type FunctionEntry = {
  name: string;
  parameters: { name: string; type: string; required: boolean }[];
  variadic: boolean;
  returns: "void" | "scalar" | "row";
  returnsSet: boolean;
};

/** The functions and tables of the exposed schema: the facts that are needed before a request reaches the database. */
export type Catalog = {
  relations: ReadonlySet<string>;
  functions: ReadonlyMap<string, readonly FunctionEntry[]>;
};

export const exposedSchema = "public";

/** Type names are printed with their schema, because the search path is empty here. */
const catalogQuery = `
  with no_path as materialized (select set_config('search_path', '', true))
  select
    array(select c.relname::text from pg_catalog.pg_class c
      where c.relnamespace = '${exposedSchema}'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')) as relations,
    coalesce((select json_agg(json_build_object(
      'name', p.proname,
      'variadic', p.provariadic <> 0,
      'returnsSet', p.proretset,
      'returns', case
        when p.prorettype = 'void'::regtype then 'void'
        when t.typtype = 'c' or t.oid = 'record'::regtype or p.proargmodes && '{o,b,t}' then 'row'
        else 'scalar' end,
      'parameters', coalesce((
        select json_agg(json_build_object(
          'name', coalesce(a.name, ''),
          'type', pg_catalog.format_type(a.type, null),
          'required', a.position <= p.pronargs - p.pronargdefaults) order by a.position)
        from (
          select b.*, row_number() over (order by b.n) as position
          from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes)
            with ordinality as b (type, name, mode, n)
          where coalesce(b.mode, 'i') in ('i', 'b', 'v')
        ) a), '[]')))
      from pg_catalog.pg_proc p join pg_catalog.pg_type t on t.oid = p.prorettype
      where p.pronamespace = '${exposedSchema}'::regnamespace and p.prokind = 'f'), '[]') as functions
  from no_path`;

export type CatalogCache = {
  current(): Promise<Catalog>;
  /** Reads the schema again, unless that is already in progress. */
  reload(): Promise<Catalog>;
  forget(): void;
};

export const createCatalogCache = (own: pg.Pool, known?: Catalog): CatalogCache => {
  let cached = known;
  let loading: Promise<Catalog> | undefined;
  const reload = () => {
    if (loading !== undefined) return loading;
    const mine = readCatalog(own)
      .then((catalog) => {
        // When the schema changed during reading, the result is returned to the waiting callers, but not cached.
        if (loading === mine) cached = catalog;
        return catalog;
      })
      .finally(() => {
        if (loading === mine) loading = undefined;
      });
    loading = mine;
    return mine;
  };
  return {
    current: async () => cached ?? reload(),
    reload,
    forget: () => {
      cached = undefined;
      loading = undefined;
    },
  };
};

/** Reads the schema. */
export const readCatalog = async (own: pg.Pool): Promise<Catalog> => {
  const { rows } = await own.query<{ relations: string[]; functions: FunctionEntry[] }>(catalogQuery);
  const functions = new Map<string, FunctionEntry[]>();
  for (const entry of rows[0]?.functions ?? []) {
    functions.set(entry.name, [...(functions.get(entry.name) ?? []), entry]);
  }
  return { relations: new Set(rows[0]?.relations), functions };
};
