-- The archive of the ledger is a set of files in Storage: the jobs and dead letters that ended in each month. The files
-- are written before housekeeping deletes old rows. They say what happened and when, and nothing about people: they
-- have no data of events, no results, no messages and no owners.

-- A month whose jobs and dead letters are in the archive. Until its month is archived, a job or dead letter is kept for
-- up to one more month (see purge_ledgers).
create table private.archived_months (
  month date primary key,
  row_count bigint not null,
  byte_count bigint not null,
  archived_at timestamptz not null,
  constraint archived_months_begin_on_the_first check (extract(day from month) = 1)
);
alter table private.archived_months enable row level security;
grant select, insert on private.archived_months to service_role;

insert into storage.buckets (id, name, public) values ('archive', 'archive', false) on conflict (id) do nothing;

select private.register_work_kind('{"function_id": "archive-ledger", "event_name": "maintenance/archive", "priority": 5,
  "by_promise": false,
  "summary": "Writes the ledger of each past month into an archive file"}');

-- The beginning (UTC) of the month after the last archived month. Null: no month was archived.
create function private.archived_until()
returns timestamptz
language sql stable
set search_path = ''
as $$
  select (max(month) + interval '1 month') at time zone 'UTC' from private.archived_months;
$$;

-- The next month to archive: the first month with a row that is not in the archive. A month that has not ended is not
-- archived. Null: nothing is left.
create function public.next_archive_month(p_now timestamptz)
returns date
language sql stable
set search_path = ''
as $$
  select date_trunc('month', least(
    (select min(ended_at) from public.jobs where ended_at >= since.at),
    (select min(handled_at) from public.dead_letter_queue where status <> 'failed' and handled_at >= since.at)
  ) at time zone 'UTC')::date as month
  from (select coalesce(private.archived_until(), '-infinity') as at) as since
  where least(
    (select min(ended_at) from public.jobs where ended_at >= since.at),
    (select min(handled_at) from public.dead_letter_queue where status <> 'failed' and handled_at >= since.at)
  ) < date_trunc('month', p_now at time zone 'UTC') at time zone 'UTC';
$$;

-- Jobs that ended in a month, with their events, in the order [ended_at, id]; p_after null: from the first. Returns
-- [[cursor, job]].
create function public.archive_jobs(p_month date, p_after jsonb, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with page as (
    select * from public.jobs
    where ended_at >= p_month::timestamp at time zone 'UTC' and ended_at < (p_month + interval '1 month') at time zone 'UTC'
      and (p_after is null or (ended_at, id) > ((p_after ->> 0)::timestamptz, (p_after ->> 1)::uuid))
    order by ended_at, id limit p_limit
  )
  select coalesce(jsonb_agg(jsonb_build_array(jsonb_build_array(ended_at, id), jsonb_build_object(
    'table', 'jobs', 'id', id, 'kind', kind, 'functionId', function_id, 'eventName', event_name, 'status', status,
    'errorCode', error ->> 'code', 'priority', priority, 'parentJobId', parent_job_id, 'createdAt', created_at,
    'startedAt', started_at, 'endedAt', ended_at, 'events', (
      select coalesce(jsonb_agg(jsonb_build_object('type', type, 'at', at) order by sequence), '[]')
      from public.job_events where job_id = page.id)
  )) order by ended_at, id), '[]')
  from page;
$$;

-- Dead letters that were handled in a month, in the order [handled_at, id]. Returns [[cursor, dead letter]].
create function public.archive_letters(p_month date, p_after jsonb, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with page as (
    select * from public.dead_letter_queue
    where status <> 'failed'
      and handled_at >= p_month::timestamp at time zone 'UTC' and handled_at < (p_month + interval '1 month') at time zone 'UTC'
      and (p_after is null or (handled_at, id) > ((p_after ->> 0)::timestamptz, (p_after ->> 1)::uuid))
    order by handled_at, id limit p_limit
  )
  select coalesce(jsonb_agg(jsonb_build_array(jsonb_build_array(handled_at, id), jsonb_build_object(
    'table', 'dead_letter_queue', 'id', id, 'jobId', job_id, 'functionId', function_id, 'eventName', event_name,
    'status', status, 'outcome', outcome, 'errorCode', error_code, 'fingerprint', fingerprint, 'attempts', attempts,
    'failedAt', failed_at, 'handledAt', handled_at
  )) order by handled_at, id), '[]')
  from page;
$$;

create function public.finish_archive_month(p_month date, p_rows bigint, p_bytes bigint, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into private.archived_months values (p_month, p_rows, p_bytes, p_now) on conflict do nothing;
$$;

revoke execute on function private.archived_until, public.next_archive_month, public.archive_jobs,
  public.archive_letters, public.finish_archive_month from public, anon, authenticated;
grant execute on function private.archived_until, public.next_archive_month, public.archive_jobs,
  public.archive_letters, public.finish_archive_month to service_role;
