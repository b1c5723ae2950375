-- A report is one PDF or CSV about a period of one list (private.exports), or about one campaign. A job generates it, and
-- Storage keeps it for a week. The ledger may delete the job before that.

create table public.reports (
  -- The id of the report, and of its job.
  id uuid primary key,
  owner text not null,
  -- The owner whose rows the report contains. Null: all rows, for an administrator.
  scope text,
  type text not null,
  format text not null,
  -- The file's path in the bucket "reports".
  path text not null generated always as (id::text || '.' || format) stored,
  -- Null: the report is about a list, not about one campaign.
  campaign_id uuid,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- The time whose state the report shows; null until the report is generated.
  snapshot_at timestamptz,
  row_count bigint,
  byte_count bigint,
  revoked_at timestamptz,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  constraint reports_type_is_a_name check (type ~ '^[a-z_]{1,50}$'),
  constraint reports_format_is_valid check (format in ('pdf', 'csv')),
  constraint reports_of_a_campaign_name_it check ((type = 'campaign') = (campaign_id is not null)),
  constraint reports_have_a_period check (ends_at > starts_at),
  constraint reports_get_their_snapshot_and_size_together check ((snapshot_at is null) = (byte_count is null))
);
create index reports_by_owner on public.reports (owner, created_at desc, id desc);
create index reports_expired on public.reports (expires_at);
create trigger reports_leave_their_files after delete on public.reports
  for each row execute function private.leave_files('reports', 'path');

alter table public.reports enable row level security;
revoke all on public.reports from anon, authenticated;
grant select on public.reports to authenticated;
grant select, insert, update, delete on public.reports to service_role;
create policy reports_are_read_by_their_owner_and_admins on public.reports for select to authenticated using (
  (owner = (select auth.jwt()) ->> 'sub' and scope = owner)
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

insert into storage.buckets (id, name, public) values ('reports', 'reports', false) on conflict (id) do nothing;

create function private.report_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, concat_ws(', ', event_data ->> 'reportType',
    (event_data -> 'dateRange' ->> 'start') || ' to ' || (event_data -> 'dateRange' ->> 'end'))
  from unnest(p_jobs);
$$;
revoke execute on function private.report_subjects from public, anon, authenticated;
grant execute on function private.report_subjects to service_role;

select private.register_work_kind('{"function_id": "generate-report", "event_name": "report/generate",
  "subjects": "private.report_subjects",
  "summary": "Makes a report as PDF or CSV"}');

-- Inserts the report of a job. p_report: {"scope", "type", "format", "startsAt", "endsAt"}; of a campaign, "campaignId"
-- instead of the times.
create function private.insert_report(p_job_id uuid, p_owner text, p_report jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign_id uuid := p_report ->> 'campaignId';
  v_period tstzrange := case
    when v_campaign_id is null then tstzrange((p_report ->> 'startsAt')::timestamptz, (p_report ->> 'endsAt')::timestamptz)
    else private.export_period(p_report ->> 'type', p_report ->> 'scope', v_campaign_id, p_now) end;
begin
  insert into public.reports (id, owner, scope, type, format, campaign_id, starts_at, ends_at, expires_at, created_at)
  values (p_job_id, p_owner, p_report ->> 'scope', p_report ->> 'type', p_report ->> 'format', v_campaign_id,
    lower(v_period), upper(v_period), p_now + interval '7 days', p_now)
  on conflict (id) do nothing;
end
$$;

-- Accepts the job and its report in one transaction. The same report, requested twice within a minute, is one job.
create function public.accept_report(p_request jsonb, p_report jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_owner text := p_request ->> 'owner';
  v_job public.jobs;
begin
  perform pg_advisory_xact_lock(hashtextextended('report ' || v_owner, 0));
  select jobs.* into v_job from public.reports join public.jobs using (id)
  where reports.owner = v_owner and reports.scope is not distinct from p_report ->> 'scope'
    and type = p_report ->> 'type' and format = p_report ->> 'format'
    and case when campaign_id is null
      then starts_at = (p_report ->> 'startsAt')::timestamptz and ends_at = (p_report ->> 'endsAt')::timestamptz
      else campaign_id = (p_report ->> 'campaignId')::uuid end
    and reports.created_at > p_now - interval '1 minute' and revoked_at is null
    and jobs.status in ('queued', 'running', 'completed')
  order by reports.created_at desc limit 1;
  if v_job.id is not null and p_request ->> 'key' is null then
    return v_job;
  end if;
  v_job := private.accept_job(p_request, p_now);
  if v_job.id = (p_request ->> 'id')::uuid then
    perform private.insert_report(v_job.id, v_owner, p_report, p_now);
  elsif not exists (select from public.reports where id = v_job.id) then
    -- The ledger keeps the job longer than the report. The job has ended, so nothing would generate the report again.
    perform private.refuse(409, 'conflict', 'The report of this idempotency key was deleted: use another key');
  end if;
  return v_job;
end
$$;

-- The report that a run must generate. Inserts the report's row when app code requested the report by an event, or when
-- the job does the work of an earlier job again.
create function public.open_report(p_event_id text, p_report jsonb, p_now timestamptz)
returns public.reports
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'generate-report');
  v_report public.reports;
begin
  if not exists (select from public.reports where id = v_job_id) then
    perform private.insert_report(v_job_id, p_report ->> 'owner', p_report, p_now);
  end if;
  select * into v_report from public.reports where id = v_job_id;
  return v_report;
end
$$;

-- Returns whether the report can be downloaded. A report that was revoked while it was generated stays revoked:
-- housekeeping deletes its file, and `report.ready` is not published.
create function public.complete_report(
  p_id uuid, p_snapshot_at timestamptz, p_row_count bigint, p_byte_count bigint, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_report public.reports;
begin
  update public.reports set snapshot_at = p_snapshot_at, row_count = p_row_count, byte_count = p_byte_count,
    expires_at = case when revoked_at is null then p_now + interval '7 days' else p_now end
  where id = p_id returning * into v_report;
  delete from private.report_pages where report_id = p_id;
  if v_report.revoked_at is not null then
    return false;
  end if;
  perform private.publish_fact('report.ready', v_report.owner, v_report.id::text, jsonb_build_object(
    'reportId', v_report.id, 'type', v_report.type, 'format', v_report.format, 'startsAt', v_report.starts_at,
    'endsAt', v_report.ends_at, 'rows', p_row_count, 'bytes', p_byte_count, 'expiresAt', v_report.expires_at), p_now);
  return true;
end
$$;

create function public.report_columns(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_path_query_array(columns, '$[*][0]') from private.exports
  where name = (select type from public.reports where id = p_id);
$$;

-- The headings, figures and first rows of a report. The function is stable, so all of them are read from one snapshot.
create function public.report_snapshot(p_id uuid, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.export_figures(type, scope, starts_at, ends_at, campaign_id) || jsonb_build_object(
    'columns', public.report_columns(id),
    'rows', private.export_rows(type, scope, starts_at, ends_at, campaign_id, p_limit))
  from public.reports where id = p_id;
$$;

-- A page is some rows of one snapshot of a report's list. One statement copies all rows here, so that the CSV, which is
-- read page by page, shows one instant. Pages are deleted when the report is complete, after its job has ended, and
-- when they name a person who is erased.
create table private.report_pages (
  snapshot_id uuid not null,
  page integer not null,
  report_id uuid not null references public.reports (id) on delete cascade,
  rows jsonb not null,
  primary key (snapshot_id, page)
);
create index report_pages_by_report on private.report_pages (report_id);
alter table private.report_pages enable row level security;
grant select, insert, delete on private.report_pages to service_role;

-- Returns the number of pages. A further try of the job takes a new snapshot, and deletes the pages of the older one.
create function public.take_report_pages(p_id uuid, p_snapshot_id uuid, p_page_rows integer, p_most_rows integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_report public.reports;
  v_export private.exports;
  v_pages integer;
begin
  select * into strict v_report from public.reports where id = p_id for update;
  select * into strict v_export from private.exports where name = v_report.type;
  delete from private.report_pages where report_id = p_id;
  execute format('insert into private.report_pages (snapshot_id, page, report_id, rows)
      select $6, (n - 1) / $8, $7, jsonb_agg(cells order by n) from (%s) as numbered group by 2',
      private.rows_of_export(v_export))
    using v_report.scope, v_report.starts_at, v_report.ends_at, v_report.campaign_id, p_most_rows + 1,
      p_snapshot_id, p_id, p_page_rows;
  get diagnostics v_pages = row_count;
  -- p_most_rows is a whole number of pages, so one row more is on a further page.
  if v_pages > p_most_rows / p_page_rows then
    perform private.refuse(422, 'invalid_report', format('The report has more than %s rows', p_most_rows));
  end if;
  return v_pages;
end
$$;

-- Returns null when a further try has taken a new snapshot, or the report is complete.
create function public.report_page(p_snapshot_id uuid, p_page integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  select rows from private.report_pages where snapshot_id = p_snapshot_id and page = p_page;
$$;

-- Deletes the pages that contain the address. A job that still reads them fails, and its next try takes a new snapshot.
create function private.erase_from_report_pages(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  c_pages constant integer := 100;
  v_read bigint;
  v_erased bigint;
  v_last text;
begin
  with piece as materialized (
    select snapshot_id, page, rows from private.report_pages
    where p_cursor is null
      or (snapshot_id, page) > (split_part(p_cursor, ' ', 1)::uuid, split_part(p_cursor, ' ', 2)::integer)
    order by snapshot_id, page limit c_pages
  ), erased as (
    delete from private.report_pages as r using piece
    where r.snapshot_id = piece.snapshot_id and r.page = piece.page
      and piece.rows::text ~* private.pattern_of_email(p_email, true)
    returning 1
  )
  select count(*), (select count(*) from erased),
    (select snapshot_id || ' ' || page from piece order by piece.snapshot_id desc, piece.page desc limit 1)
  into v_read, v_erased, v_last from piece;
  return jsonb_build_object('cursor', case when v_read = c_pages then v_last end,
    'counts', case when v_erased > 0 then jsonb_build_object('report_pages', v_erased) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_report_pages(text, text, timestamptz)');

-- A report with the state of its job. When the ledger has deleted the job, a report with a file counts as completed, and
-- one without as failed.
create function private.view_report(p_report public.reports)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(p_report) || jsonb_build_object('error', job.error,
    'status', coalesce(job.status, case when p_report.snapshot_at is null then 'failed' else 'completed' end))
  from (select p_report.id) as report left join public.jobs as job using (id);
$$;

-- p_owner null is an administrator, who sees every report. Other requesters see the reports about their own rows: an
-- administrator has an owner too, and that owner's other keys may not read a report about all rows.
create function public.list_reports(p_owner text, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.view_report(page) order by created_at desc, id desc), '[]') from (
    select * from public.reports
    where (p_owner is null or (owner = p_owner and scope = p_owner))
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc limit p_limit
  ) as page;
$$;

create function public.get_report(p_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.view_report(reports) from public.reports
  where id = p_id and (p_owner is null or (owner = p_owner and scope = p_owner));
$$;

create function public.revoke_report(p_id uuid, p_owner text, p_now timestamptz)
returns boolean
language sql
set search_path = ''
as $$
  with revoked as (
    update public.reports set revoked_at = coalesce(revoked_at, p_now), expires_at = least(expires_at, p_now)
    where id = p_id and (p_owner is null or (owner = p_owner and scope = p_owner)) returning 1
  )
  select exists (select from revoked);
$$;

-- Housekeeping: deletes expired reports, at most p_limit, and the pages of all reports whose jobs have ended. Returns how
-- many reports it deleted. Their files are removed afterwards (private.left_files).
create function public.forget_reports(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from private.report_pages where not exists (
    select from public.jobs where jobs.id = report_id and ended_at is null);
  delete from public.reports where id = any (array(
    select id from public.reports
    where expires_at <= p_now and not exists (select from public.jobs where jobs.id = reports.id and ended_at is null)
    order by expires_at, id limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

revoke execute on function private.insert_report, private.view_report, public.accept_report, public.open_report, public.complete_report, public.report_columns,
  public.report_snapshot, public.take_report_pages, public.report_page, public.list_reports, public.get_report, public.revoke_report,
  public.forget_reports, private.erase_from_report_pages from public, anon, authenticated;
grant execute on function private.insert_report, private.view_report, public.accept_report, public.open_report, public.complete_report, public.report_columns,
  public.report_snapshot, public.take_report_pages, public.report_page, public.list_reports, public.get_report, public.revoke_report,
  public.forget_reports, private.erase_from_report_pages to service_role;
