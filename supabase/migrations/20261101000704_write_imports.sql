-- The stages of an import: a request accepts it, its run opens it, the first reading of its file describes it, its
-- parts write the rows in sets, and the end of its job closes it.

create function private.import_options_of(p_import jsonb, p_owner text)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select coalesce(nullif(p_import -> 'options', 'null'), '{}') || jsonb_build_object('owner', p_owner);
$$;

-- p_import: {"target", "options", "merge", "absent", "dryRun", "again", "fileUrl", "fileId", "fileName", "fingerprint",
-- "mapping", "declaredFormat"}. p_viewer: the owner whose rows and files the requester may use; null for an
-- administrator.
create function private.insert_import(
  p_id uuid, p_job_id uuid, p_owner text, p_viewer text, p_import jsonb, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_target private.import_targets;
  v_scope text;
begin
  select * into v_target from private.import_targets where name = p_import ->> 'target';
  if v_target.name is null then
    perform private.refuse(400, 'invalid_request', format('There is no target %s', p_import ->> 'target'));
  end if;
  execute format('select %s($1, $2)', v_target.scope_function) into v_scope
    using private.import_options_of(p_import, p_owner), p_viewer;
  insert into public.imports (id, job_id, owner, target, scope, options, merge, absent, is_dry_run, is_again, file_url,
    file_id, file_name, fingerprint, mapping, declared_format, created_at)
  values (p_id, p_job_id, p_owner, v_target.name, v_scope, coalesce(nullif(p_import -> 'options', 'null'), '{}'),
    coalesce(p_import ->> 'merge', 'upsert'), coalesce(p_import ->> 'absent', 'keep'),
    coalesce((p_import ->> 'dryRun')::boolean, false), coalesce((p_import ->> 'again')::boolean, false),
    p_import ->> 'fileUrl', (p_import ->> 'fileId')::uuid, coalesce(p_import ->> 'fileName', ''),
    p_import ->> 'fingerprint', nullif(p_import -> 'mapping', 'null'),
    coalesce(nullif(p_import -> 'declaredFormat', 'null'), '{}'), p_now)
  on conflict (id) do nothing;
  perform private.refuse_same_file(p_id, p_import ->> 'fingerprint');
end
$$;

-- Refuses to import the same file into the same rows twice, unless the caller allows it.
create function private.refuse_same_file(p_id uuid, p_fingerprint text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
  v_earlier public.imports;
begin
  select * into v_import from public.imports where id = p_id;
  select * into v_earlier from public.imports
  where owner = v_import.owner and fingerprint = p_fingerprint and id <> p_id
    and target = v_import.target and scope = v_import.scope
    and not is_dry_run and undone_at is null and coalesce(status, 'running') in ('running', 'completed')
  order by created_at desc, id desc limit 1;
  if v_earlier.id is not null and not v_import.is_again and not v_import.is_dry_run then
    perform private.refuse(409, 'already_imported',
      format('This file was imported on %s', to_char(v_earlier.created_at at time zone 'UTC', 'YYYY-MM-DD')),
      jsonb_build_object('importId', v_earlier.id)::text);
  end if;
end
$$;

-- Accepts the job and its import in one transaction.
create function public.accept_import(p_request jsonb, p_import jsonb, p_viewer text, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  c_unfinished constant integer := 200;
  v_owner text := p_request ->> 'owner';
  v_job public.jobs := private.accept_job(p_request, p_now);
begin
  if v_job.id <> (p_request ->> 'id')::uuid then
    return v_job;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('imports ' || v_owner, 0));
  if (select count(*) from (
    select from public.imports where owner = v_owner and ended_at is null limit c_unfinished) as unfinished) >= c_unfinished
  then
    perform private.refuse(429, 'too_many_requests', format('%s imports of this owner are not finished', c_unfinished), '60');
  end if;
  if p_import ->> 'fileId' is not null and not exists (
    select from public.import_files where id = (p_import ->> 'fileId')::uuid and (p_viewer is null or owner = p_viewer)
    for share)
  then
    perform private.refuse(404, 'not_found', 'Upload not found');
  end if;
  perform private.insert_import(v_job.id, v_job.id, v_owner, p_viewer, p_import, p_now);
  return v_job;
end
$$;

-- The path for an upload. Every upload gets a new path, so that no file is ever overwritten.
create function public.add_import_file(p_owner text, p_name text, p_now timestamptz)
returns public.import_files
language sql
set search_path = ''
as $$
  insert into public.import_files (id, owner, path, name, created_at, expires_at)
  select id, p_owner, id::text, p_name, p_now, p_now + interval '2 days' from (select gen_random_uuid() as id) as fresh
  returning *;
$$;

create function public.get_import_file(p_id uuid, p_owner text)
returns setof public.import_files
language sql stable
set search_path = ''
as $$
  select * from public.import_files where id = p_id and (p_owner is null or owner = p_owner);
$$;

-- The import that a run of process-import works on: {"import"}; or {"refused": why the run's job does not work on it}.
-- Inserts the import's row when app code requested the import by an event.
create function public.open_import(p_event_id text, p_id uuid, p_owner text, p_import jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'process-import');
  v_import public.imports;
  v_refused text;
begin
  select * into v_import from public.imports where id = p_id;
  if v_import.id is null then
    perform private.insert_import(p_id, v_job_id, p_owner, p_owner, p_import, p_now);
  elsif v_import.status is distinct from 'completed' and v_import.job_id is distinct from v_job_id then
    v_refused := case
      when exists (select from public.jobs where id = v_import.job_id and ended_at is null)
        then 'Another job works on this import'
      else private.take_import_over(v_import, v_job_id, p_now) end;
  end if;
  if v_refused is not null then
    return jsonb_build_object('refused', v_refused);
  end if;
  select * into v_import from public.imports where id = p_id;
  return jsonb_build_object('import', to_jsonb(v_import));
end
$$;

-- A further job continues an import whose job has ended. It takes over the plan, so that the counts include the parts
-- that are done, and no row is written twice. An import that was undone, or whose plan the ledger has deleted, cannot be
-- continued: then the further job fails, without a dead letter, because no operator could mend it, and this returns the
-- reason. Returns null when the job has taken the import over. Locks are taken in this order: the parts of
-- the earlier job, its plan, the later job, the import.
create function private.take_import_over(p_import public.imports, p_job_id uuid, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_refused text := case
    when p_import.undo_job_id is not null then 'The import was undone: import its file again instead'
    when p_import.job_id is null then 'The ledger has deleted the earlier job of this import: import its file again instead' end;
begin
  if v_refused is not null then
    perform private.end_job(p_job_id, 'failed', null, jsonb_build_object('code', 'conflict', 'message', v_refused,
      'hint', 'Import the file again.'), p_now);
    return v_refused;
  end if;
  perform private.open_plan(p_job_id, p_import.job_id, p_now);
  perform from public.jobs where id = p_job_id for no key update;
  update public.imports set job_id = p_job_id, status = null, error = null, ended_at = null
  where id = p_import.id and job_id = p_import.job_id and undo_job_id is null;
  if not found then
    -- A concurrent job has taken the import over, or undoes it, so the transaction is rolled back, and the caller tries
    -- again.
    raise exception 'Another job has just taken the import over, or undoes it' using errcode = 'serialization_failure';
  end if;
  return null;
end
$$;

-- Stores the format of the file and the field of each column, as its first reading detected them.
create function public.describe_import(
  p_id uuid, p_dialect jsonb, p_mapping jsonb, p_version text, p_byte_count bigint
)
returns void
language sql
set search_path = ''
as $$
  update public.imports set dialect = p_dialect, mapping = p_mapping, version = p_version, byte_count = p_byte_count
  where id = p_id;
$$;

-- Stores the fingerprint of a file from a web address, after it was read to its end.
create function public.fingerprint_import(p_id uuid, p_fingerprint text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.imports set fingerprint = p_fingerprint where id = p_id;
  perform private.refuse_same_file(p_id, p_fingerprint);
end
$$;

-- The import whose part a run has claimed.
create function public.import_of_job(p_job_id uuid)
returns setof public.imports
language sql stable
set search_path = ''
as $$
  select * from public.imports where job_id = p_job_id;
$$;

-- Ends the import because of an error in the file or the request; no operator has to act.
create function public.fail_import(p_id uuid, p_error jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := (select job_id from public.imports where id = p_id);
begin
  -- This lock waits until rows that are being written are committed (private.hold_part_of_open_job).
  perform from public.jobs where id = v_job_id for update;
  perform private.end_job(v_job_id, 'failed', null, p_error, p_now);
end
$$;

-- Writes the rows of a part from p_from up to, but without, p_next: the valid ones [{"n", "k", "v"}] into the target,
-- the others [{"n", "line", "offset", "column", "code", "message", "hint", "raw", "cells"}] into the rejects. Each row
-- must have exactly one outcome, or the statement is rolled back. Returns what private.settle_part returns.
create function public.write_import_rows(
  p_id bigint, p_token uuid, p_from bigint, p_next bigint, p_rows jsonb, p_rejects jsonb, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part_of_open_job(p_id, p_token, p_from);
  v_import public.imports;
  v_counts jsonb := '{}';
begin
  if v_answer is not null then
    return v_answer;
  end if;
  select imports.* into v_import from public.imports join public.job_parts using (job_id) where job_parts.id = p_id;
  if v_import.undo_job_id is not null then
    return 'done';
  end if;
  if jsonb_array_length(p_rows) > 0 then
    perform private.lock_import_target(v_import.target, v_import.scope,
      array(select row ->> 'k' from jsonb_array_elements(p_rows) as row
        where not v_import.is_dry_run and v_import.merge <> 'update'));
    -- A list that was deleted ends the import. Otherwise the foreign key would refuse its rows one by one.
    perform private.require_scope_of_import(v_import, null);
    execute (select write_sql from private.import_targets where name = v_import.target) into v_counts
      using v_import.id, v_import.scope, p_rows, v_import.merge, v_import.absent = 'clear', v_import.is_dry_run, p_now;
    if v_counts ->> 'lost' <> '0' then
      raise exception sqlstate '40001' using message = 'Another transaction wrote a row with the same key';
    end if;
  end if;
  insert into public.import_rejects (import_id, row_no, line, byte_offset, column_name, code, message, hint, raw, cells)
  select v_import.id, n, line, "offset", "column", code, message, hint, raw, cells
  from jsonb_to_recordset(p_rejects) as r (n bigint, line bigint, "offset" bigint, "column" text, code text,
    message text, hint text, raw text, cells jsonb);
  v_counts := v_counts - 'lost' || jsonb_build_object('rejected', jsonb_array_length(p_rejects));
  if private.sum_of_counts(v_counts) <> p_next - p_from then
    raise exception 'Rows % to % have the outcomes %', p_from, p_next - 1, v_counts;
  end if;
  return private.settle_part(p_id, p_token, v_counts, p_next, p_now);
end
$$;

-- Runs when the job ends: stores the outcome of the rows, notifies the owner, and sets when the file is deleted. The
-- file of a completed import is deleted at once. Any other file is deleted two days later, because it may be needed
-- again.
create function private.after_import_job(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_counts jsonb := private.counts_of_parts(p_job.id);
  v_import public.imports;
begin
  update public.imports set
    status = p_job.status, error = p_job.error, ended_at = p_now,
    row_count = (select total_count from public.job_plans where job_id = p_job.id and planned_at is not null),
    inserted_count = coalesce((v_counts ->> 'inserted')::bigint, 0),
    updated_count = coalesce((v_counts ->> 'updated')::bigint, 0),
    unchanged_count = coalesce((v_counts ->> 'unchanged')::bigint, 0),
    skipped_count = coalesce((v_counts ->> 'skipped')::bigint, 0),
    rejected_count = coalesce((v_counts ->> 'rejected')::bigint, 0)
  -- A replay of a completed import changes nothing.
  where job_id = p_job.id and status is distinct from 'completed' returning * into v_import;
  if v_import.id is null then
    return;
  end if;
  update public.import_files set expires_at = p_now
    + case when p_job.status = 'completed' and not v_import.is_dry_run then interval '0' else interval '2 days' end
  where id = v_import.file_id;
  perform public.notify(v_import.owner, case when p_job.status = 'completed' then 'import_ready' else 'import_ended' end,
    jsonb_build_object('importId', v_import.id, 'status', p_job.status, 'fileName', v_import.file_name),
    'import:' || v_import.id || ':' || p_job.id, p_now);
  if p_job.status in ('completed', 'failed') then
    perform private.publish_fact('import.' || p_job.status, v_import.owner, p_job.id::text,
      jsonb_build_object('importId', v_import.id, 'target', v_import.target, 'isDryRun', v_import.is_dry_run,
        'inserted', v_import.inserted_count, 'updated', v_import.updated_count,
        'unchanged', v_import.unchanged_count, 'skipped', v_import.skipped_count,
        'rejected', v_import.rejected_count), p_now);
  end if;
end
$$;

create function private.import_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, imports.file_name
  from unnest(p_jobs) as jobs join public.imports on imports.id = private.uuid_of(jobs.event_data ->> 'importId');
$$;
revoke execute on function private.import_subjects from public, anon, authenticated;
grant execute on function private.import_subjects to service_role;

-- When the dead letter of a part is ignored, the rows of the part are skipped.
select private.register_work_kind('{"function_id": "process-import", "event_name": "import/start", "kind": "import", "counted_as": "imports",
  "after_end": "private.after_import_job", "by_promise": false,
  "subjects": "private.import_subjects",
  "summary": "Reads an import file and writes its rows, in parts"}');
select private.register_work_kind('{"function_id": "process-import-batch", "event_name": "import/process-batch"}');

revoke execute on function private.import_options_of, private.insert_import, private.refuse_same_file,
  public.accept_import, public.add_import_file, public.get_import_file, public.open_import, private.take_import_over, public.describe_import,
  public.fingerprint_import, public.import_of_job, public.fail_import, public.write_import_rows,
  private.after_import_job from public, anon, authenticated;
grant execute on function private.import_options_of, private.insert_import, private.refuse_same_file,
  public.accept_import, public.add_import_file, public.get_import_file, public.open_import, private.take_import_over, public.describe_import,
  public.fingerprint_import, public.import_of_job, public.fail_import, public.write_import_rows,
  private.after_import_job to service_role;
