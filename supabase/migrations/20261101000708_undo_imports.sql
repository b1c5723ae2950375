-- An undo reverts an import row by row: inserted rows are deleted, and updated rows get their earlier values. A row
-- that was changed after the import is left unchanged and listed. An undo is a job with one part.

-- $1 import, $2 how many rows, $3 whether the rows are left unchanged because other rows refer to them. Restores all
-- columns except the id. The rows are locked in the order of their keys, as an import locks them. Returns {"undone",
-- "conflicts"}.
create function private.undo_sql_of_target(p_target private.import_targets)
returns text
language sql stable
set search_path = ''
as $$
  select format($sql$
    with todo as materialized (
      select next.* from (
        select target_id, before, version from public.import_rows
        where import_id = $1 and fate <> 'unchanged' and conflict is null order by target_id limit $2
      ) as next left join %1$s as t on t.id = next.target_id
      order by %4$s, next.target_id
    ), found as materialized (
      select todo.*, t.version as version_now
      from todo left join lateral (
        select xmin as version from %1$s as t where t.id = todo.target_id for update
      ) as t on true
    ), judged as materialized (
      select found.*, case when version_now is null then 'gone' when version_now is distinct from version then 'changed'
        when $3 then 'in_use' end as conflict
      from found
    ), deleted as (
      delete from %1$s as t using judged where t.id = judged.target_id and judged.conflict is null and judged.before is null
    ), restored as (
      update %1$s as t set (%2$s) = row (%3$s)
      from judged cross join lateral jsonb_populate_record(null::%1$s, judged.before) as r
      where t.id = judged.target_id and judged.conflict is null and judged.before is not null
    ), forgotten as (
      delete from public.import_rows as r using judged
      where r.import_id = $1 and r.target_id = judged.target_id and judged.conflict is null
    ), listed as (
      update public.import_rows as r set conflict = judged.conflict from judged
      where r.import_id = $1 and r.target_id = judged.target_id and judged.conflict is not null
    )
    select jsonb_build_object('undone', count(*) filter (where conflict is null), 'conflicts', count(conflict)) from judged
  $sql$, p_target.table_name, string_agg(format('%I', attname), ', '), string_agg(format('r.%I', attname), ', '),
    p_target.key_sql)
  from pg_catalog.pg_attribute
  where attrelid = p_target.table_name::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    and attidentity = '' and attname <> 'id';
$$;

-- Refuses an owner whose import was made by an administrator into rows of another owner.
create function private.require_scope_of_import(p_import public.imports, p_viewer text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_target private.import_targets;
begin
  select * into v_target from private.import_targets where name = p_import.target;
  execute format('select %s($1, $2)', v_target.scope_function)
    using private.import_options_of(jsonb_build_object('options', p_import.options), p_import.owner), p_viewer;
end
$$;

create function public.accept_import_undo(p_request jsonb, p_id uuid, p_viewer text, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
  v_job public.jobs;
begin
  select * into v_import from public.imports where id = p_id and (p_viewer is null or owner = p_viewer) for no key update;
  if v_import.id is null then
    perform private.refuse(404, 'not_found', 'Import not found');
  end if;
  if p_viewer is not null then
    perform private.require_scope_of_import(v_import, p_viewer);
  end if;
  -- The job belongs to the import's owner, even when an administrator requests it.
  v_job := private.accept_job(p_request || jsonb_build_object('owner', v_import.owner), p_now);
  if v_job.id <> (p_request ->> 'id')::uuid then
    return v_job;
  elsif v_import.is_dry_run then
    perform private.refuse(409, 'conflict', 'A dry run has written nothing that could be undone');
  elsif v_import.ended_at is null or exists (
    select from public.job_parts where job_id = v_import.job_id and status = 'claimed' and lease_expires_at > p_now)
  then
    perform private.refuse(409, 'conflict', 'The import is still in progress: cancel it, or wait for its end');
  elsif v_import.undone_at is not null
    or exists (select from public.jobs where id = v_import.undo_job_id and status in ('queued', 'running'))
  then
    perform private.refuse(409, 'conflict', 'The import was undone already, or its undo is in progress');
  end if;
  update public.imports set undo_job_id = v_job.id, undo_counts = null where id = p_id;
  return v_job;
end
$$;

-- The number of rows to undo.
create function public.count_import_undo(p_id uuid)
returns bigint
language sql stable
set search_path = ''
as $$
  select count(*) from public.import_rows where import_id = p_id and fate <> 'unchanged' and conflict is null;
$$;

-- Returns what private.settle_part returns. The records of undone rows are deleted, so that a repeated call does
-- nothing.
create function public.undo_import_rows(
  p_part_id bigint, p_token uuid, p_id uuid, p_limit integer, p_is_given_up boolean, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part_of_open_job(p_part_id, p_token, null);
  v_import public.imports;
  v_counts jsonb := '{}';
begin
  if v_answer is not null then
    return v_answer;
  end if;
  select * into v_import from public.imports where id = p_id;
  if v_import.id is not null then
    perform private.lock_import_target(v_import.target, v_import.scope, '{}');
    execute (
      select private.undo_sql_of_target(import_targets) from private.import_targets where name = v_import.target
    ) into v_counts using p_id, p_limit, p_is_given_up;
  end if;
  -- When no rows are left, the part ends: the missing rows were erased, or deleted with their import.
  return private.settle_part(p_part_id, p_token, v_counts,
    case when private.sum_of_counts(v_counts) = 0 then (select last_no + 1 from public.job_parts where id = p_part_id) end,
    p_now);
end
$$;

create function public.list_import_conflicts(p_id uuid, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('row', row_no, 'rowId', target_id, 'reason', conflict) order by row_no), '[]')
  from (select * from public.import_rows where import_id = p_id and conflict is not null order by row_no limit p_limit)
    as conflicts;
$$;

-- The job may be another one than the requested job: one that reprocesses it, or runs it again. After a completed undo,
-- a further one changes nothing. A job whose event names a part is left out: the job of the part has the counts, and ends
-- by itself.
create function private.after_undo_job(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
begin
  update public.imports set
    undo_counts = '{"undone": 0, "conflicts": 0}'::jsonb || private.counts_of_parts(p_job.id),
    undone_at = case when p_job.status = 'completed' then p_now end,
    undo_job_id = case when p_job.status = 'completed' then p_job.id else undo_job_id end
  where id = private.uuid_of(p_job.event_data ->> 'importId') and undo_job_id is not null and undone_at is null
    and not p_job.event_data ? 'parentJobId'
  returning * into v_import;
  if v_import.undone_at is not null then
    perform public.notify(v_import.owner, 'import_undone',
      jsonb_build_object('importId', v_import.id, 'fileName', v_import.file_name), 'import-undo:' || p_job.id, p_now);
  end if;
end
$$;
select private.register_work_kind('{"function_id": "undo-import", "event_name": "import/undo", "kind": "undo-import",
  "after_end": "private.after_undo_job", "by_promise": false,
  "subjects": "private.import_subjects",
  "summary": "Undoes an import"}');

-- Housekeeping: deletes files that are not needed any more, and rows that are 30 days old. Returns how many rows it
-- deleted, at most p_limit.
create function public.purge_imports(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_old uuid[] := array(
    select id from public.imports where ended_at < p_now - interval '30 days' order by ended_at, id limit 20);
  v_count integer;
begin
  delete from public.import_files where id in (
    select id from public.import_files as file where expires_at <= p_now
      and not exists (select from public.imports where file_id = file.id and ended_at is null)
    order by expires_at, id limit p_limit);
  get diagnostics v_count = row_count;
  if v_count > 0 then
    return v_count;
  end if;
  delete from public.import_rows where (import_id, target_id) in (
    select import_id, target_id from public.import_rows where import_id = any (v_old) limit p_limit);
  get diagnostics v_count = row_count;
  if v_count > 0 then
    return v_count;
  end if;
  delete from public.import_rejects where id in (
    select id from public.import_rejects where import_id = any (v_old) limit p_limit);
  get diagnostics v_count = row_count;
  if v_count > 0 then
    return v_count;
  end if;
  delete from public.imports where id = any (v_old);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

revoke execute on function private.undo_sql_of_target, private.require_scope_of_import, public.accept_import_undo,
  public.count_import_undo, public.undo_import_rows, public.list_import_conflicts, private.after_undo_job, public.purge_imports
  from public, anon, authenticated;
grant execute on function private.undo_sql_of_target, private.require_scope_of_import, public.accept_import_undo,
  public.count_import_undo, public.undo_import_rows, public.list_import_conflicts, private.after_undo_job, public.purge_imports to service_role;
