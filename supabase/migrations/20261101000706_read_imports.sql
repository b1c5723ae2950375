-- Imports as the API shows them. p_owner null is an administrator, who sees every import.

-- While the job runs, its parts have the counts of the rows. When the job has ended, the import's row has the counts.
create function private.import_view(p_import public.imports)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(p_import) || jsonb_build_object(
    'status', coalesce(p_import.status, job.status, 'failed'),
    'error', coalesce(p_import.error, job.error),
    'started_at', job.started_at,
    'progress_done', job.progress_done,
    'progress_total', job.progress_total,
    'read_bytes', case when plan.planned_at is not null then p_import.byte_count
      else coalesce((plan.cursor ->> 'offset')::bigint, 0) end,
    'is_planned', plan.planned_at is not null,
    'counts', case when p_import.row_count is not null and p_import.status = 'completed' then jsonb_build_object(
        'inserted', p_import.inserted_count, 'updated', p_import.updated_count, 'unchanged', p_import.unchanged_count,
        'skipped', p_import.skipped_count, 'rejected', p_import.rejected_count)
      else private.counts_of_parts(p_import.job_id) end,
    'undo_status', (select status from public.jobs where id = p_import.undo_job_id))
  from (values (p_import.job_id)) as wanted (id)
  left join public.jobs as job on job.id = wanted.id
  left join public.job_plans as plan on plan.job_id = wanted.id;
$$;

create function public.list_imports(p_owner text, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select coalesce(jsonb_agg(private.import_view(page) order by created_at desc, id desc), '[]') from (
      select * from public.imports
      where (p_owner is null or owner = p_owner)
        and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
      order by created_at desc, id desc limit p_limit
    ) as page
  );
end
$$;

create function public.get_import(p_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.import_view(imports) from public.imports where id = p_id and (p_owner is null or owner = p_owner);
$$;

create function public.list_import_rejects(p_id uuid, p_after bigint, p_limit integer)
returns setof public.import_rejects
language sql stable
set search_path = ''
as $$
  select * from public.import_rejects where import_id = p_id and row_no > p_after order by row_no limit p_limit;
$$;

-- For a file without a header: the names of the cells of its rejected rows, in the order in which they first occur.
create function public.columns_of_rejects(p_id uuid)
returns setof text
language sql stable
set search_path = ''
as $$
  select name from (
    select name, min(row_no) as row_no, min(position) as position
    from (select row_no, cells from public.import_rejects where import_id = p_id and cells is not null
      order by row_no limit 10000) as first_rows
    cross join jsonb_object_keys(cells) with ordinality as cell (name, position)
    group by name
  ) as names order by row_no, position limit 200;
$$;

-- The mapping that the owner last used for a file with the same columns.
create function public.last_import_mapping(p_owner text, p_target text, p_columns jsonb)
returns jsonb
language sql stable
set search_path = ''
as $$
  select mapping from public.imports
  where owner = p_owner and target = p_target and dialect -> 'columns' = p_columns and status = 'completed'
  order by created_at desc, id desc limit 1;
$$;

revoke execute on function private.import_view, public.list_imports, public.get_import, public.list_import_rejects,
  public.columns_of_rejects, public.last_import_mapping from public, anon, authenticated;
grant execute on function private.import_view, public.list_imports, public.get_import, public.list_import_rejects,
  public.columns_of_rejects, public.last_import_mapping to service_role;
