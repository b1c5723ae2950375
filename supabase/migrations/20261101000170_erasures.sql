-- An erasure removes one person from the database: where their address is stored, the row is emptied or the address is
-- replaced. A job does the work. The row records how far the job is. At the end the row is the receipt: how many rows
-- of which table were changed. After the erasure, no row contains the person's address: this row was the last one, and
-- gives it up when the erasure is done.

create table public.erasures (
  -- The id of the erasure, and of its job.
  id uuid primary key,
  email text,
  requester text not null,
  -- The number of the current eraser, and the cursor at which it continues.
  step integer not null default 1,
  cursor text,
  -- Whether this round could not erase some rows yet, because unfinished work needs them.
  is_waiting boolean not null default false,
  -- Whether this round has changed rows.
  has_changed boolean not null default false,
  -- The number of changed rows of each table, such as {"email_subscribers": 2}.
  counts jsonb not null default '{}',
  created_at timestamptz not null,
  completed_at timestamptz,
  constraint erasures_forget_the_address_when_done check ((email is null) = (completed_at is not null)),
  constraint erasures_address_is_short check (length(email) between 3 and 320)
);
alter table public.erasures enable row level security;
revoke all on public.erasures from anon, authenticated;
grant select, insert, update on public.erasures to service_role;

-- The erasers, one for each table with personal data. Each room registers the erasers of its tables. In one round, all
-- erasers run in the order of their numbers.
create table private.erasers (
  step integer generated always as identity primary key,
  -- A function (email text, cursor text, now timestamptz) that erases one bounded piece and returns jsonb {"counts":
  -- {table: rows}, "cursor": text or null, "isWaiting": boolean?}. Null: the eraser replaces the address in the columns
  -- below.
  function_name text,
  table_name text unique,
  key_column text,
  columns text[],
  constraint erasers_say_what_they_do check ((function_name is null) = (table_name is not null)),
  constraint erasers_of_tables_name_their_columns check ((table_name is null) = (key_column is null or columns is null))
);
alter table private.erasers enable row level security;
grant select on private.erasers to service_role;

create function private.register_eraser(p_function regprocedure)
returns void
language sql
set search_path = ''
as $$
  insert into private.erasers (function_name) select oid::regproc::text from pg_proc where oid = p_function;
$$;

-- Registers a table whose columns (text or jsonb) may contain an address. An erasure replaces only the address.
create function private.register_erasable(p_table regclass, p_key text, p_columns text[])
returns void
language sql
set search_path = ''
as $$
  insert into private.erasers (table_name, key_column, columns) values (p_table::text, p_key, p_columns);
$$;

-- A pattern for the whole address: it matches neither the end of a longer address nor the beginning of a longer domain.
-- Group 1 is the text directly before the address: the beginning, a character that cannot be part of an address, or a
-- JSON escape such as \n. Escapes count in text columns too, because a text may contain JSON. In JSON columns
-- (p_is_json), a single backslash belongs to an escape, and a pair of backslashes is a backslash: "\nina@example.com"
-- is a line break and ina@example.com, not nina@example.com. Lookbehind is not used, because it takes ten times as
-- long.
create function private.pattern_of_email(p_email text, p_is_json boolean)
returns text
language sql immutable
set search_path = ''
as $$
  select '(^|' || case when p_is_json then '[^\\a-z0-9._%+-]|[^\\](?:\\\\)+' else '[^a-z0-9._%+-]' end
    || '|\\[bfnrt]|\\u[0-9a-f]{4})' || regexp_replace(p_email, '([^[:alnum:]@_-])', '\\\1', 'g')
    || '(?![a-z0-9-]|\.[a-z0-9])';
$$;

-- Erases one piece of a table that is registered by its columns.
create function private.erase_in_table(p_eraser private.erasers, p_email text, p_cursor text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  c_rows constant integer := 2000;
  v_last text;
  v_read bigint;
  v_count bigint;
  v_table constant text := p_eraser.table_name::regclass::text;
  v_named text;
  v_set text;
  v_type text;
begin
  select string_agg(format('%I::text ~* %L', name, pattern), ' or '),
    string_agg(format('%1$I = regexp_replace(%1$I::text, %3$L, ''\1erased'', ''gi'')::%2$s', name, type, pattern), ', ')
  into v_named, v_set
  from unnest(p_eraser.columns) as name
  join pg_catalog.pg_attribute on attrelid = v_table::regclass and attname = name
  cross join format_type(atttypid, null) as type
  cross join private.pattern_of_email(p_email, type like 'json%') as pattern;
  select format_type(atttypid, null) into v_type from pg_catalog.pg_attribute
  where attrelid = v_table::regclass and attname = p_eraser.key_column;
  execute format('select (array_agg(key order by key desc))[1]::text, count(*) from (select %1$I as key from %2$s
    where $1 is null or %1$I > $1::%3$s order by %1$I limit %4$s) as piece',
    p_eraser.key_column, v_table, v_type, c_rows)
  into v_last, v_read using p_cursor;
  if v_last is null then
    return jsonb_build_object('counts', '{}'::jsonb, 'cursor', null);
  end if;
  execute format('update %1$s set %2$s where ($1 is null or %3$I > $1::%4$s) and %3$I <= $2::%4$s and (%5$s)',
    v_table, v_set, p_eraser.key_column, v_type, v_named)
  using p_cursor, v_last;
  get diagnostics v_count = row_count;
  return jsonb_build_object('cursor', case when v_read = c_rows then v_last end,
    'counts', case when v_count > 0 then jsonb_build_object(replace(v_table, 'public.', ''), v_count) else '{}' end);
end
$$;

create function public.accept_erasure(p_email text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs := private.accept_job(p_request, p_now);
begin
  if v_job.id = (p_request ->> 'id')::uuid then
    insert into public.erasures (id, email, requester, created_at)
    values (v_job.id, p_email, p_request ->> 'requester', p_now);
  end if;
  return v_job;
end
$$;

-- Erases until a piece is full, and records in the same transaction what was erased and where to continue. One call may
-- finish several small tables; a large table takes several calls. Returns "more": call again; "waiting": unfinished
-- work still needs the address, so call again later; "again": this round has changed rows, so call again after a
-- minute; "done": the receipt is complete.
-- Work may copy the address from a table that is erased later in the round into a table that was erased before: a
-- digest is a mail to the address of a sign-up. So an erasure is done only when a round finds nothing. The minute lets
-- transactions commit that had read the address before it was erased.
create function public.erase_piece(p_id uuid, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_erasure public.erasures;
  v_eraser private.erasers;
  v_done jsonb;
  v_state text;
begin
  select * into v_erasure from public.erasures where id = p_id for update;
  if v_erasure.id is null or v_erasure.completed_at is not null then
    return 'done';
  end if;
  loop
    select * into v_eraser from private.erasers where step >= v_erasure.step order by step limit 1;
    exit when v_eraser.step is null;
    if v_eraser.function_name is null then
      v_done := private.erase_in_table(v_eraser, v_erasure.email,
        case when v_eraser.step = v_erasure.step then v_erasure.cursor end);
    else
      execute format('select %s($1, $2, $3)', v_eraser.function_name) into v_done
      using v_erasure.email, case when v_eraser.step = v_erasure.step then v_erasure.cursor end, p_now;
    end if;
    update public.erasures set
      step = case when v_done ->> 'cursor' is null then v_eraser.step + 1 else v_eraser.step end,
      cursor = v_done ->> 'cursor',
      is_waiting = is_waiting or coalesce((v_done ->> 'isWaiting')::boolean, false),
      has_changed = has_changed or v_done -> 'counts' <> '{}',
      counts = private.add_counts(counts, v_done -> 'counts')
    where id = p_id returning * into v_erasure;
    if v_erasure.cursor is not null then
      return 'more';
    end if;
  end loop;
  v_state := case when v_erasure.is_waiting then 'waiting' when v_erasure.has_changed then 'again' else 'done' end;
  update public.erasures set step = 1, cursor = null, is_waiting = false, has_changed = false,
    email = case when v_state <> 'done' then email end,
    completed_at = case when v_state = 'done' then p_now end
  where id = p_id;
  return v_state;
end
$$;

-- The erasure with its status: "completed"; "erasing" while its job or a job that reprocesses it has not ended; "failed"
-- otherwise.
create function public.get_erasure(p_id uuid)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(erasures) || jsonb_build_object('status', case
    when completed_at is not null then 'completed'
    when exists (select from public.jobs where id in (select private.family_of_job(p_id)) and ended_at is null)
    then 'erasing' else 'failed' end)
  from public.erasures where id = p_id;
$$;

select private.register_work_kind('{"function_id": "erase-person", "event_name": "person/erase", "by_promise": false,
  "summary": "Erases one person from the database, table by table"}');
select private.register_erasable('public.jobs', 'id', '{event_data,result,error}');
select private.register_erasable('public.job_runs', 'run_id', '{error}');
select private.register_erasable('public.job_parts', 'id', '{last_error}');
select private.register_erasable('public.job_events', 'job_id', '{data}');
select private.register_erasable('public.job_log_lines', 'id', '{message,facts}');
select private.register_erasable('public.dead_letter_queue', 'id', '{event_data,patched_data,refusal,error_message,error_stack,note}');
select private.register_erasable('public.job_errors', 'id', '{event_data,error_message,error_stack}');

revoke execute on function
  private.register_eraser, private.register_erasable, private.pattern_of_email, private.erase_in_table,
  public.accept_erasure, public.erase_piece, public.get_erasure from public, anon, authenticated;
grant execute on function
  private.pattern_of_email, private.erase_in_table, public.accept_erasure, public.erase_piece,
  public.get_erasure to service_role;
