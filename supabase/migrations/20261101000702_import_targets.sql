-- A target is a table that imports write into. One statement registers it; src/imports/targets/ has the fields of its
-- rows and their rules. The table has a bigint "id", "created_at" and "updated_at", and a unique index on the scope
-- column and the key.

create table private.import_targets (
  name text primary key,
  table_name text not null,
  -- The column that has the same value in all rows of an import. The function (options jsonb, owner text, null for an
  -- administrator) returns this value as text, and refuses values of other owners.
  scope_column text not null,
  scope_function text not null,
  -- A function (scope text, keys text[]). An import and its undo call it before they lock rows of the table, so that
  -- they take the locks that other writers of the table take first. The keys are those of rows that may be added: an
  -- undo, a dry run and an import that only updates rows give none. Null: no locks are needed before the rows.
  lock_function text,
  -- The key of a row "t", such as lower(t.email). Rows with equal keys are the same row.
  key_sql text not null,
  -- The columns that an import may write. The second list names those that are JSON objects, which are merged field by
  -- field.
  columns text[] not null,
  deep_columns text[] not null default '{}',
  -- The statement that writes a set of rows, generated at registration by private.write_sql_of_target.
  write_sql text not null
);
alter table private.import_targets enable row level security;
grant select on private.import_targets to service_role;

-- The id of a row that a dry run would insert: a number that no row has.
create function private.dry_row_id(p_key text)
returns bigint
language sql immutable
set search_path = ''
as $$
  select -1 - (hashtextextended(p_key, 0) & 9223372036854775807);
$$;

-- The SQL expression that reads the target's columns from a JSON object, with the type of each column. (A
-- jsonb_populate_record per row takes twice as long.)
create function private.values_sql_of_target(p_target private.import_targets, p_object text)
returns text
language sql stable
set search_path = ''
as $$
  select string_agg(case when atttypid = 'jsonb'::regtype then format('%s -> %L', p_object, name)
    else format('(%s ->> %L)::%s', p_object, name, format_type(atttypid, null)) end, ', ' order by number)
  from unnest(p_target.columns) with ordinality as named (name, number)
  join pg_catalog.pg_attribute on attrelid = p_target.table_name::regclass and attname = name;
$$;

-- The type of the scope column.
create function private.scope_type_of_target(p_target private.import_targets)
returns text
language sql stable
set search_path = ''
as $$
  select format_type(atttypid, null) from pg_catalog.pg_attribute
  where attrelid = p_target.table_name::regclass and attname = p_target.scope_column;
$$;

-- The first part of the statement of private.write_sql_of_target: each given row with the existing row, the result of
-- merging both, and its outcome.
create function private.judge_sql_of_target(p_target private.import_targets)
returns text
language sql stable
set search_path = ''
as $$
  select format($sql$
    with given as materialized (
      select distinct on (k) n, k, v
      from jsonb_to_recordset($3) as r (n bigint, k text, v jsonb) order by k, n desc
    ), found as materialized (
      select given.k, t.id, t.version, t.state
      from given cross join lateral (
        select t.id, t.xmin as version, to_jsonb(t) as state from %1$s as t
        where t.%2$I = $2::%3$s and %4$s = given.k for no key update
      ) as t
    ), known as materialized (
      select given.*, found.id, found.version, found.state,
        coalesce(found.id, case when $6 then private.dry_row_id(given.k) end) as row_id
      from given left join found using (k)
    ), seen as materialized (
      select known.k, r.row_no, r.before, r.fate
      from known cross join lateral (
        select * from public.import_rows where import_id = $1 and target_id = known.row_id limit 1
      ) as r
    ), compared as materialized (
      select known.*, seen.row_no as seen_no, seen.fate as seen_fate,
        case when seen.k is null then known.state else seen.before end as before
      from known left join seen using (k)
    ), merged as materialized (
      select compared.*, case when before is null then v else before || v %5$s end as after
      from compared
    ), judged as materialized (
      select merged.*, case
          when seen_no > n then 'skipped'
          when before is null then case when $4 = 'update' and seen_no is null then 'skipped' else 'inserted' end
          when $4 = 'insert' then 'skipped'
          when after = before then 'unchanged'
          else 'updated' end as fate
      from merged
  $sql$,
    p_target.table_name,
    p_target.scope_column,
    private.scope_type_of_target(p_target),
    p_target.key_sql,
    (select coalesce(string_agg(format(
       '|| case when not $5 and v ? %1$L then jsonb_build_object(%1$L, (before -> %1$L) || (v -> %1$L)) else ''{}'' end', name), ' '), '')
     from unnest(p_target.deep_columns) as name));
$$;

-- The statement that writes a set of rows into a target: $1 import, $2 scope, $3 rows [{"n": number of the row, "k":
-- key, "v": columns}], $4 merge rule, $5 whether an absent column is emptied, $6 whether this is a dry run, which
-- writes nothing, $7 now. Returns {"inserted", "updated", "unchanged", "skipped", "lost"}; lost: rows whose key a
-- concurrent transaction wrote, which must be tried again. Of several rows with one key, the last row of the file
-- counts, whatever the order of the parts; the others are skipped. The row that is written first gets the outcome. When
-- another part then writes a later row of the file, the later row overwrites the first one, is compared with the same
-- copy of the target's row before the import, and corrects the outcome. When another transaction has changed the
-- target's row between these two writes, the row of import_rows keeps the version of the first write, so that an undo
-- finds that the target's row was changed.
create function private.write_sql_of_target(p_target private.import_targets)
returns text
language sql stable
set search_path = ''
as $$
  select private.judge_sql_of_target(p_target) || format($sql$
    ), inserted as (
      insert into %1$s as t (%2$I, %5$s, created_at, updated_at)
      select $2::%3$s, %6$s, $7, $7
      from judged
      where judged.fate <> 'skipped' and judged.id is null and not $6 order by judged.k
      on conflict do nothing
      returning t.id, t.xmin as version, %4$s as k
    ), updated as (
      update %1$s as t set (%5$s, updated_at) = row (%7$s, $7)
      from judged
      where t.id = judged.id and judged.fate <> 'skipped' and not $6
        and (judged.seen_no is not null or judged.after is distinct from judged.state)
      returning t.id, t.xmin as version
    ), written as (
      select judged.n, judged.before, judged.fate, judged.seen_no, judged.version as found_version,
        coalesce(inserted.id, judged.row_id) as target_id,
        coalesce(inserted.version, updated.version, judged.version) as version
      from judged left join inserted using (k) left join updated on updated.id = judged.id
      where judged.fate <> 'skipped' and (inserted.id is not null or judged.row_id is not null)
    ), noted as (
      insert into public.import_rows (import_id, target_id, row_no, before, version, fate)
      select $1, target_id, n, before, version, fate from written where seen_no is null
      on conflict do nothing returning 1
    ), noted_again as (
      update public.import_rows as r set row_no = written.n, fate = written.fate,
        version = case when r.version = written.found_version then written.version else r.version end
      from written where r.import_id = $1 and r.target_id = written.target_id and written.seen_no is not null
      returning 1
    ), fates as (
      select fate, 1 as count from judged where seen_no is null
      union all select 'skipped', 1 from judged where seen_no is not null
      union all select fate, 1 from judged where seen_no < n and fate <> seen_fate
      union all select seen_fate, -1 from judged where seen_no < n and fate <> seen_fate
      union all select 'skipped', jsonb_array_length($3) - (select count(*)::integer from given)
    )
    select jsonb_build_object(
      'inserted', coalesce(sum(count) filter (where fate = 'inserted'), 0),
      'updated', coalesce(sum(count) filter (where fate = 'updated'), 0),
      'unchanged', coalesce(sum(count) filter (where fate = 'unchanged'), 0),
      'skipped', coalesce(sum(count) filter (where fate = 'skipped'), 0),
      'lost', (select count(*) from judged where fate <> 'skipped')
        - (select count(*) from noted) - (select count(*) from noted_again))
    from fates
  $sql$,
    p_target.table_name,
    p_target.scope_column,
    private.scope_type_of_target(p_target),
    p_target.key_sql,
    (select string_agg(format('%I', name), ', ') from unnest(p_target.columns) as name),
    private.values_sql_of_target(p_target, 'judged.v'),
    private.values_sql_of_target(p_target, 'judged.after'));
$$;

-- p_target has the columns of import_targets except write_sql.
create function private.register_import_target(p_target jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_target private.import_targets := jsonb_populate_record(
    null::private.import_targets, '{"deep_columns": []}'::jsonb || p_target);
begin
  if to_regprocedure(v_target.scope_function || '(jsonb, text)') is null then
    raise exception 'The target % names a function that does not exist', p_target;
  elsif to_regprocedure(v_target.lock_function || '(text, text[])') is null and v_target.lock_function is not null then
    raise exception 'The target % names a lock_function that does not exist', p_target;
  end if;
  v_target.write_sql := private.write_sql_of_target(v_target);
  insert into private.import_targets select v_target.*;
end
$$;

-- Calls the lock_function of a target, if it has one.
create function private.lock_import_target(p_target text, p_scope text, p_keys text[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lock_function text := (select lock_function from private.import_targets where name = p_target);
begin
  if v_lock_function is not null then
    execute format('select %s($1, $2)', v_lock_function) using p_scope, p_keys;
  end if;
end
$$;

create function private.scope_of_subscribers(p_options jsonb, p_owner text)
returns text
language plpgsql stable
set search_path = ''
as $$
begin
  perform private.require_email_list((p_options ->> 'listId')::uuid, p_owner);
  return p_options ->> 'listId';
end
$$;
-- An import cannot write the status, so that an unsubscribed address stays unsubscribed.
select private.register_import_target('{"name": "subscribers", "table_name": "public.email_subscribers",
  "scope_column": "list_id", "scope_function": "private.scope_of_subscribers", "lock_function": "private.lock_upload",
  "key_sql": "lower(t.email)",
  "columns": ["email", "fields"], "deep_columns": ["fields"]}');

-- A contact is a person or company that an owner knows, once for each address.
create table public.contacts (
  id bigint generated always as identity primary key,
  owner text not null,
  email text not null,
  name text,
  phone text,
  company text,
  note text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint contacts_email_has_a_sensible_length check (length(email) between 3 and 320)
);
create unique index contacts_are_once_for_an_owner on public.contacts (owner, lower(email));
create index contacts_by_email on public.contacts (lower(email));

create function private.erase_from_contacts(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  delete from public.contacts where lower(email) = lower(p_email);
  get diagnostics v_count = row_count;
  return jsonb_build_object('cursor', null,
    'counts', case when v_count > 0 then jsonb_build_object('contacts', v_count) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_contacts(text, text, timestamptz)');
select private.register_erasable('public.contacts', 'id', '{name,note}');

-- The target "products" is an example for a target of your own; docs/imports.md explains it.
create table public.products (
  id bigint generated always as identity primary key,
  owner text not null,
  sku text not null,
  name text,
  price_cents bigint,
  stock integer,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint products_have_a_sku check (length(sku) between 1 and 100),
  constraint products_cost_something check (price_cents >= 0)
);
create unique index products_are_once_for_an_owner on public.products (owner, sku);

alter table public.contacts enable row level security;
alter table public.products enable row level security;
revoke all on public.contacts, public.products from anon, authenticated;
grant select on public.contacts, public.products to authenticated;
grant select, insert, update, delete on public.contacts, public.products to service_role;
create policy contacts_are_read_by_their_owner_and_admins on public.contacts for select to authenticated using (
  owner = (select auth.jwt()) ->> 'sub' or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);
create policy products_are_read_by_their_owner_and_admins on public.products for select to authenticated using (
  owner = (select auth.jwt()) ->> 'sub' or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

-- The rows belong to the requester's own account, even when the requester is an administrator.
create function private.scope_of_owner(p_options jsonb, p_owner text)
returns text
language sql immutable
set search_path = ''
as $$
  select coalesce(p_owner, p_options ->> 'owner');
$$;
select private.register_import_target('{"name": "contacts", "table_name": "public.contacts",
  "scope_column": "owner", "scope_function": "private.scope_of_owner", "key_sql": "lower(t.email)",
  "columns": ["email", "name", "phone", "company", "note"]}');
select private.register_import_target('{"name": "products", "table_name": "public.products",
  "scope_column": "owner", "scope_function": "private.scope_of_owner", "key_sql": "t.sku",
  "columns": ["sku", "name", "price_cents", "stock"]}');

select private.register_erasable('public.products', 'id', '{name}');

select private.register_export('{"name": "contacts", "from_sql": "public.contacts as t", "order_sql": "t.id",
  "columns": [["E-mail", "t.email"], ["Name", "t.name"], ["Phone", "t.phone"], ["Company", "t.company"], ["Note", "t.note"],
  ["Created", "t.created_at"], ["Changed", "t.updated_at"]]}');
select private.register_export('{"name": "products", "from_sql": "public.products as t", "order_sql": "t.id",
  "columns": [["SKU", "t.sku"], ["Name", "t.name"], ["Price", "(t.price_cents / 100.0)::numeric(20, 2)"],
  ["Stock", "t.stock"], ["Created", "t.created_at"], ["Changed", "t.updated_at"]]}');

revoke execute on function private.dry_row_id, private.values_sql_of_target, private.scope_type_of_target,
  private.judge_sql_of_target, private.write_sql_of_target, private.register_import_target, private.lock_import_target, private.scope_of_subscribers,
  private.scope_of_owner, private.erase_from_contacts from public, anon, authenticated;
grant execute on function private.dry_row_id, private.values_sql_of_target, private.scope_type_of_target,
  private.judge_sql_of_target, private.write_sql_of_target, private.register_import_target, private.lock_import_target, private.scope_of_subscribers,
  private.scope_of_owner, private.erase_from_contacts to service_role;
