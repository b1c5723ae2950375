-- An export is a list of a room that can be written as CSV. One statement of the room's migration registers the export.
-- Reports read the rows and figures of a period with the functions below.

create table private.exports (
  name text primary key,
  -- The SQL after "from". The rows have the alias "t" and a column "created_at".
  from_sql text not null,
  owner_sql text not null default 't.owner',
  -- Null for a list whose rows have no status.
  status_sql text not null default 'null::text',
  -- The SQL after "order by". An index of the table has these columns, and together they identify a row.
  order_sql text not null,
  -- [[heading, SQL of the cell]]
  columns jsonb not null,
  -- A function (owner, from, to) that returns jsonb with further figures of a period. When item_sql is set: a function
  -- (item).
  figures_function text,
  -- For a list that belongs to one item, such as the mails of a campaign: the SQL of the item's id in a row, and a
  -- function (owner, item, now) that returns the item's period. The function refuses an item of another owner.
  item_sql text,
  item_period_function text,
  constraint exports_of_items_have_their_period check ((item_sql is null) = (item_period_function is null))
);
alter table private.exports enable row level security;
grant select on private.exports to service_role;

create function private.register_export(p_export jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into private.exports
  select (jsonb_populate_record(null::private.exports, '{"owner_sql": "t.owner", "status_sql": "null::text",
    "order_sql": "t.created_at, t.id"}' || p_export)).*;
$$;

-- The period of one item of this owner (p_owner null: of any owner).
create function private.export_period(p_name text, p_owner text, p_item uuid, p_now timestamptz)
returns tstzrange
language plpgsql stable
set search_path = ''
as $$
declare
  v_function text := (select item_period_function from private.exports where name = p_name);
  v_period tstzrange;
begin
  execute format('select %s($1, $2, $3)', v_function) into strict v_period using p_owner, p_item, p_now;
  return v_period;
end
$$;

-- The condition on rows of the period $2 to $3 of the owner $1 (null: the rows of all owners), and of the item $4
-- (null: the list has no items).
create function private.period_of_export(p_export private.exports)
returns text
language sql immutable
set search_path = ''
as $$
  select format('from %s where ($1 is null or %s = $1) and t.created_at >= $2 and t.created_at < $3 and %s',
    p_export.from_sql, p_export.owner_sql, coalesce(p_export.item_sql || ' = $4', '$4 is null'));
$$;

-- The query of the first $5 rows of a period, each as (n, cells); its other parameters are those of period_of_export.
create function private.rows_of_export(p_export private.exports)
returns text
language sql immutable
set search_path = ''
as $$
  select format('select row_number() over (order by %1$s) as n, jsonb_build_array(%2$s) as cells %3$s order by %1$s limit $5',
    p_export.order_sql, string_agg(cell ->> 1, ', ' order by n), private.period_of_export(p_export))
  from jsonb_array_elements(p_export.columns) with ordinality as cells (cell, n);
$$;

-- The first rows of a period, as [cells].
create function private.export_rows(
  p_name text, p_owner text, p_from timestamptz, p_to timestamptz, p_item uuid, p_limit integer
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_export private.exports;
  v_rows jsonb;
begin
  select * into strict v_export from private.exports where name = p_name;
  execute format('select coalesce(jsonb_agg(cells order by n), ''[]'') from (%s) as first', private.rows_of_export(v_export))
    into v_rows using p_owner, p_from, p_to, p_item, p_limit;
  return v_rows;
end
$$;

-- {"rowCount", "byStatus", "perDay": [[day, count]]} of a period, and the list's own figures.
create function private.export_figures(p_name text, p_owner text, p_from timestamptz, p_to timestamptz, p_item uuid)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_export private.exports;
  v_figures jsonb;
  v_own jsonb := '{}';
begin
  select * into strict v_export from private.exports where name = p_name;
  execute format('with work as materialized (select %s as status, t.created_at %s)
      select jsonb_build_object(
        ''rowCount'', (select count(*) from work),
        ''byStatus'', (select coalesce(jsonb_object_agg(status, count), ''{}'')
          from (select status, count(*) from work where status is not null group by status) as by_status),
        ''perDay'', (select coalesce(jsonb_agg(jsonb_build_array(day, count) order by day), ''[]'')
          from (select (created_at at time zone ''UTC'')::date as day, count(*) from work group by 1) as per_day))',
      v_export.status_sql, private.period_of_export(v_export))
    into v_figures using p_owner, p_from, p_to, p_item;
  if v_export.figures_function is not null then
    execute format('select %s(%s)', v_export.figures_function, case when p_item is null then '$1, $2, $3' else '$4' end)
      into v_own using p_owner, p_from, p_to, p_item;
  end if;
  return v_figures || v_own;
end
$$;

revoke execute on function private.register_export, private.export_period, private.period_of_export, private.rows_of_export,
  private.export_rows, private.export_figures from public, anon, authenticated;
grant execute on function private.export_period, private.period_of_export, private.rows_of_export, private.export_rows,
  private.export_figures to service_role;
