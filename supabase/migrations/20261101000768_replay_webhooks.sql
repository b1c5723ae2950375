-- A replay sends an owner's messages of a period to one endpoint again: the messages that the endpoint has not
-- received, or all messages. A replay is a job with one part, which queues the messages in order; the endpoint's lane
-- sends them.

create table public.webhook_replays (
  -- The id of the replay, and of its job.
  id uuid primary key references public.jobs (id) on delete cascade,
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  owner text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- missing: what was not delivered; all: also what was delivered.
  scope text not null,
  -- Messages queued per second.
  per_second double precision not null,
  paused_at timestamptz,
  -- The job whose run ended because it found the replay paused.
  left_job_id uuid,
  created_at timestamptz not null,
  constraint webhook_replays_scope_is_valid check (scope in ('missing', 'all')),
  constraint webhook_replays_rate_is_valid check (per_second between 1 and 1000),
  constraint webhook_replays_are_about_a_period check (ends_at > starts_at)
);
create index webhook_replays_by_endpoint on public.webhook_replays (endpoint_id, created_at desc);
alter table public.webhook_replays enable row level security;
revoke all on public.webhook_replays from anon, authenticated;
grant select on public.webhook_replays to authenticated;
grant select, insert, update, delete on public.webhook_replays to service_role;
create policy webhook_replays_are_read_by_their_owner_and_admins on public.webhook_replays for select to authenticated
  using (owner = (select auth.jwt()) ->> 'sub' or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin');

create function private.webhook_replay_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, private.host_of_url(endpoints.url)
  from unnest(p_jobs) as jobs
  join public.webhook_replays as replays on replays.id = private.uuid_of(jobs.event_data ->> 'replayId')
  join public.webhook_endpoints as endpoints on endpoints.id = replays.endpoint_id;
$$;
revoke execute on function private.webhook_replay_subjects from public, anon, authenticated;
grant execute on function private.webhook_replay_subjects to service_role;

select private.register_work_kind('{"function_id": "replay-webhooks", "event_name": "webhook/replay",
  "kind": "replay", "priority": 4, "by_promise": false,
  "subjects": "private.webhook_replay_subjects",
  "summary": "Sends messages of a period to an endpoint once more"}');

-- The messages that a replay sends. A test message (public.test_webhook_endpoint) is for one endpoint,
-- so a replay to another endpoint leaves it out. With scope "missing", pending deliveries are left out, because their
-- lane sends them anyway. Postgres does not inline this function, so a filter or limit outside the call would still
-- read all rows: pass the range and the limit as arguments.
create function private.messages_of_replay(
  p_endpoint public.webhook_endpoints, p_starts_at timestamptz, p_ends_at timestamptz, p_scope text,
  p_from bigint default 0, p_last bigint default 9223372036854775807, p_limit integer default null
)
returns table (id uuid, sequence bigint)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select message.id, message.sequence from public.webhook_messages as message
  left join public.webhook_deliveries as delivery
    on delivery.endpoint_id = p_endpoint.id and delivery.message_id = message.id
  where message.owner = p_endpoint.owner and message.sequence between p_from and p_last
    and message.at >= p_starts_at and message.at < p_ends_at
    and p_endpoint.event_types && array['*', message.type]
    and (delivery.id is not null or message.key <> 'test:' || message.id)
    and (p_scope = 'all' or delivery.id is null or delivery.status = 'failed')
  order by message.sequence limit p_limit;
end
$$;

-- How many messages a replay would send.
create function public.count_webhook_replay(
  p_endpoint_id uuid, p_owner text, p_starts_at timestamptz, p_ends_at timestamptz, p_scope text
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  -- No lock: counting may take long, and publishing a fact would wait for it.
  select * into v_endpoint from public.webhook_endpoints
  where id = p_endpoint_id and status <> 'deleted' and (p_owner is null or owner = p_owner);
  if v_endpoint.id is null then
    perform private.refuse(404, 'not_found', 'Webhook endpoint not found');
  end if;
  return (select count(*) from private.messages_of_replay(v_endpoint, p_starts_at, p_ends_at, p_scope));
end
$$;

-- p_replay: {"endpointId", "startsAt", "endsAt", "scope", "perSecond"}.
create function public.accept_webhook_replay(p_replay jsonb, p_viewer text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint((p_replay ->> 'endpointId')::uuid, p_viewer);
  v_job public.jobs;
begin
  perform private.refuse_disabled_endpoint(v_endpoint.id);
  v_job := private.accept_job(p_request, p_now);
  insert into public.webhook_replays (id, endpoint_id, owner, starts_at, ends_at, scope, per_second, created_at)
  values (v_job.id, v_endpoint.id, v_endpoint.owner, (p_replay ->> 'startsAt')::timestamptz,
    (p_replay ->> 'endsAt')::timestamptz, p_replay ->> 'scope', (p_replay ->> 'perSecond')::float8, p_now)
  on conflict (id) do nothing;
  return v_job;
end
$$;

-- All messages of a replay as one part: [{"first", "last", "total"}].
create function public.cut_webhook_replay(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(range)) filter (where range.total > 0), '[]') from (
    select min(message.sequence) as first, max(message.sequence) as last, count(*) as total
    from public.webhook_replays as replay
    join public.webhook_endpoints as endpoint on endpoint.id = replay.endpoint_id
    cross join lateral private.messages_of_replay(endpoint, replay.starts_at, replay.ends_at, replay.scope) as message
    where replay.id = p_id) as range;
$$;

-- A replay with "job_id": the job whose "status" and "progress" people see. This is the first job of the replay, or the
-- newest job that reprocessed it or ran it again. A job that continues a part after a pause (it has a "parentJobId") is
-- left out, because its progress counts for the job that it continues.
create function private.webhook_replay_view(p_replay public.webhook_replays)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(p_replay) || jsonb_build_object('job_id', coalesce((
    select id from public.jobs
    where function_id = 'replay-webhooks' and event_data ->> 'replayId' = p_replay.id::text
      and event_data ->> 'parentJobId' is null
    order by created_at desc, id desc limit 1), p_replay.id));
$$;

-- Null: this owner (null: any owner) has no such replay.
create function public.get_webhook_replay(p_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.webhook_replay_view(replay) from public.webhook_replays as replay
  where id = p_id and (p_owner is null or owner = p_owner);
$$;

-- Locks the replay of this owner (null: of any owner). Null: there is no such replay. Refused when its job, and each job
-- that reprocesses this job or runs it again, has ended.
create function private.lock_open_replay(p_id uuid, p_owner text)
returns public.webhook_replays
language plpgsql
set search_path = ''
as $$
declare
  v_replay public.webhook_replays;
begin
  select * into v_replay from public.webhook_replays
  where id = p_id and (p_owner is null or owner = p_owner) for no key update;
  if v_replay.id is not null
    and not exists (select from private.family_of_job(v_replay.id) as id join public.jobs using (id) where ended_at is null)
    and not exists (select from public.jobs
      where function_id = 'replay-webhooks' and event_data ->> 'replayId' = p_id::text and ended_at is null)
  then
    perform private.refuse(409, 'conflict', 'The replay has ended');
  end if;
  return v_replay;
end
$$;

-- A run ends when it finds the replay paused (private.leave_paused_replay), so a paused replay costs no runs.
create function public.pause_webhook_replay(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  update public.webhook_replays as replay set paused_at = coalesce(paused_at, p_now)
  where id = (select open.id from private.lock_open_replay(p_id, p_owner) as open)
  returning private.webhook_replay_view(replay);
$$;

-- Resumes a replay. If a run has ended because of the pause, a further job continues its part. That job is in the outbox
-- when this transaction commits, so it begins even if the caller dies. A run that has not noticed the pause simply goes
-- on. A repeated call changes nothing.
create function public.resume_webhook_replay(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_replay public.webhook_replays := private.lock_open_replay(p_id, p_owner);
begin
  perform private.unpause_job(v_replay.left_job_id, p_now);
  if exists (select from public.jobs where id = v_replay.left_job_id and ended_at is null) then
    perform private.accept_job(jsonb_build_object('id', gen_random_uuid(), 'event', 'webhook/replay',
      'functionId', 'replay-webhooks', 'requester', 'deliveries', 'parentJobId', v_replay.left_job_id,
      'data', jsonb_build_object('replayId', p_id, 'parentJobId', v_replay.left_job_id, 'part', 1)), p_now);
    perform private.ask_for_outbox();
  end if;
  update public.webhook_replays set paused_at = null, left_job_id = null where id = v_replay.id returning * into v_replay;
  return case when v_replay.id is not null then private.webhook_replay_view(v_replay) end;
end
$$;

-- Called by a run that works on a part of the replay. Returns whether the replay is paused. If so, the run ends, and the
-- resume continues the part. The replay stays locked until the caller commits, so that a resume sees each run that has
-- noticed the pause.
create function private.leave_paused_replay(p_id uuid, p_part_id bigint, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := (select job_id from public.job_parts where id = p_part_id);
begin
  perform from public.webhook_replays where id = p_id for no key update;
  update public.webhook_replays set left_job_id = v_job_id where id = p_id and paused_at is not null;
  if not found then
    return false;
  end if;
  -- Housekeeping does not look for lost runs of a paused job.
  perform private.pause_job(v_job_id, p_now);
  return true;
end
$$;

-- Queues the next messages of the part, from p_from on. Each message is queued once, because the part stores where to
-- continue. The part grows when more messages match the filter now than when the part was planned. The call is refused
-- while the endpoint is disabled; when the endpoint is deleted, the rest counts as skipped. Returns {"state": "open",
-- "done", "lost" or "paused", "next"}.
create function public.queue_webhook_replay(
  p_part_id bigint, p_token uuid, p_replay_id uuid, p_from bigint, p_last bigint, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part(p_part_id, p_token, p_from);
  v_replay public.webhook_replays;
  v_endpoint public.webhook_endpoints;
  v_ids uuid[];
  v_next bigint;
begin
  -- When the job was canceled, work stops here, not only at the end of the step; the next claim returns that the job
  -- has ended.
  if exists (select from public.job_parts join public.jobs on jobs.id = job_id
    where job_parts.id = p_part_id and jobs.status in ('canceled', 'skipped'))
  then
    v_answer := 'lost';
  end if;
  if v_answer is null and private.leave_paused_replay(p_replay_id, p_part_id, p_now) then
    v_answer := 'paused';
  end if;
  if v_answer is not null then
    return jsonb_build_object('state', v_answer, 'next', p_from);
  end if;
  select * into v_replay from public.webhook_replays where id = p_replay_id;
  -- One read, so that an endpoint that is disabled meanwhile does not look like a deleted one.
  select * into v_endpoint from public.webhook_endpoints where id = v_replay.endpoint_id and status <> 'deleted';
  if v_endpoint.status = 'disabled' then
    perform private.refuse(409, 'conflict', 'The endpoint is disabled: enable it first');
  end if;
  select array_agg(id order by sequence), max(sequence) + 1 into v_ids, v_next
  from private.messages_of_replay(v_endpoint, v_replay.starts_at, v_replay.ends_at, v_replay.scope, p_from, p_last,
    greatest(1, floor(v_replay.per_second))::integer);
  if v_ids is not null then
    perform private.queue_deliveries(v_ids, array[v_endpoint.id], p_now);
  end if;
  v_next := coalesce(v_next, p_last + 1);
  perform private.grow_part(p_part_id, coalesce(cardinality(v_ids), 0));
  return jsonb_build_object('next', v_next, 'state', private.settle_part(p_part_id, p_token,
    jsonb_build_object('queued', coalesce(cardinality(v_ids), 0)), v_next, p_now));
end
$$;

revoke execute on function private.messages_of_replay, public.count_webhook_replay, public.accept_webhook_replay,
  public.cut_webhook_replay, private.webhook_replay_view, public.get_webhook_replay, private.lock_open_replay,
  public.pause_webhook_replay, public.resume_webhook_replay, private.leave_paused_replay, public.queue_webhook_replay
  from public, anon, authenticated;
grant execute on function private.messages_of_replay, public.count_webhook_replay, public.accept_webhook_replay,
  public.cut_webhook_replay, private.webhook_replay_view, public.get_webhook_replay, private.lock_open_replay,
  public.pause_webhook_replay, public.resume_webhook_replay, private.leave_paused_replay, public.queue_webhook_replay
  to service_role;
