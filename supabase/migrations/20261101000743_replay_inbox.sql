-- A replay of the inbox handles the webhooks that match its filter once more. A replay is a job with one part, which
-- takes the webhooks in the order in which they were stored; each webhook gets a new job.

create table public.inbox_replays (
  -- The id of the replay, and of its job.
  id uuid primary key references public.jobs (id) on delete cascade,
  source text not null,
  -- The types of the webhooks that are handled again. Each type has a handler.
  types text[] not null,
  -- The webhooks that arrived in this period, or the webhooks with these ids.
  starts_at timestamptz,
  ends_at timestamptz,
  ids uuid[],
  -- The verdict of the webhooks. Null: any verdict except "received".
  verdict text,
  per_second double precision not null,
  created_at timestamptz not null,
  constraint inbox_replays_rate_is_valid check (per_second between 1 and 100),
  constraint inbox_replays_are_about_a_period_or_ids check (
    case when ids is null then coalesce(ends_at > starts_at, false)
      else cardinality(ids) between 1 and 100 and starts_at is null and ends_at is null end
  )
);
alter table public.inbox_replays enable row level security;
revoke all on public.inbox_replays from anon, authenticated;
grant select, insert, update, delete on public.inbox_replays to service_role;

create function private.inbox_replay_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, source from public.inbox_replays where id in (select id from unnest(p_jobs));
$$;
revoke execute on function private.inbox_replay_subjects from public, anon, authenticated;
grant execute on function private.inbox_replay_subjects to service_role;

select private.register_work_kind('{"function_id": "replay-inbox", "event_name": "webhook/replay-inbox",
  "kind": "inbox-replay", "priority": 4, "by_promise": false,
  "subjects": "private.inbox_replay_subjects",
  "summary": "Handles received webhooks once more"}');

-- The webhooks that match the filter. The filter is either a period (p_ids is null) or a list of ids (p_ids). Webhooks
-- that wait for their job are left out, because that job handles them anyway. Postgres does not inline this function,
-- so a filter or limit outside the call would still read all rows: pass the range and the limit as arguments.
create function private.webhooks_of_replay(
  p_source text, p_types text[], p_starts_at timestamptz, p_ends_at timestamptz, p_ids uuid[], p_verdict text,
  p_from bigint default 0, p_last bigint default 9223372036854775807, p_limit integer default null
)
returns table (id uuid, sequence bigint)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  (select inbox.id, inbox.sequence from public.webhook_inbox as inbox
  where p_ids is null and source = p_source and inbox.sequence between p_from and p_last and type = any (p_types)
    and received_at >= p_starts_at and received_at < p_ends_at
    and (p_verdict is null or verdict = p_verdict) and verdict <> 'received'
  order by inbox.sequence limit p_limit)
  union all
  (select inbox.id, inbox.sequence from public.webhook_inbox as inbox
  where inbox.id = any (p_ids) and source = p_source and inbox.sequence between p_from and p_last and type = any (p_types)
    and (p_verdict is null or verdict = p_verdict) and verdict <> 'received'
  order by inbox.sequence limit p_limit);
end
$$;

create function public.count_inbox_replay(
  p_source text, p_types text[], p_starts_at timestamptz, p_ends_at timestamptz, p_verdict text
)
returns bigint
language sql stable
set search_path = ''
as $$
  select count(*) from private.webhooks_of_replay(p_source, p_types, p_starts_at, p_ends_at, null, p_verdict);
$$;

-- p_replay: {"source", "types", "startsAt", "endsAt", "ids", "verdict", "perSecond"}.
create function public.accept_inbox_replay(p_replay jsonb, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs := private.accept_job(p_request, p_now);
begin
  insert into public.inbox_replays
    (id, source, types, starts_at, ends_at, ids, verdict, per_second, created_at)
  select v_job.id, source, types, "startsAt", "endsAt", ids, verdict, "perSecond", p_now
  from jsonb_to_record(p_replay) as replay(source text, types text[], "startsAt" timestamptz, "endsAt" timestamptz,
    ids uuid[], verdict text, "perSecond" float8)
  on conflict (id) do nothing;
  return v_job;
end
$$;

-- All webhooks of a replay as one part: [{"first", "last", "total"}].
create function public.cut_inbox_replay(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(range)) filter (where range.total > 0), '[]') from (
    select min(inbox.sequence) as first, max(inbox.sequence) as last, count(*) as total
    from public.inbox_replays as replay
    cross join lateral private.webhooks_of_replay(replay.source, replay.types, replay.starts_at, replay.ends_at,
      replay.ids, replay.verdict) as inbox
    where replay.id = p_id) as range;
$$;

-- Marks a webhook as not handled, so that its handler may take effect once more, and returns the request of its job.
create function private.reopen_webhook(p_webhook public.webhook_inbox, p_replay_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := gen_random_uuid();
begin
  update public.webhook_inbox set verdict = 'received', handled_at = null, replay_job_id = v_job_id
  where id = p_webhook.id;
  -- Without this row, the handler reads the object from its provider once more.
  delete from public.webhook_objects where key = p_webhook.object_key;
  return jsonb_build_object('id', v_job_id, 'event', 'webhook/received', 'functionId', 'process-webhook',
    'requester', 'webhook:' || p_webhook.source, 'owner', 'webhooks', 'parentJobId', p_replay_id,
    'data', jsonb_build_object('webhookId', p_webhook.id, 'objectKey', p_webhook.object_key));
end
$$;

-- Accepts jobs for the next webhooks of the part, from p_from on. Each webhook gets one job, because the part stores
-- where to continue. The part grows when more webhooks match the filter now than when the part was planned. Returns
-- {"state": "open", "done" or "lost", "next"}.
create function public.queue_inbox_replay(
  p_part_id bigint, p_token uuid, p_replay_id uuid, p_from bigint, p_last bigint, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part_of_open_job(p_part_id, p_token, p_from);
  v_replay public.inbox_replays;
  v_webhook public.webhook_inbox;
  v_next bigint := p_from;
  v_count integer := 0;
begin
  if v_answer is not null then
    return jsonb_build_object('state', v_answer, 'next', p_from);
  end if;
  select * into v_replay from public.inbox_replays where id = p_replay_id;
  for v_webhook in
    select inbox.* from private.webhooks_of_replay(v_replay.source, v_replay.types, v_replay.starts_at, v_replay.ends_at,
      v_replay.ids, v_replay.verdict, p_from, p_last, floor(v_replay.per_second)::integer) as next
    join public.webhook_inbox as inbox using (id) order by next.sequence
  loop
    perform private.accept_job(private.reopen_webhook(v_webhook, p_replay_id), p_now);
    v_count := v_count + 1;
    v_next := v_webhook.sequence + 1;
  end loop;
  perform private.grow_part(p_part_id, v_count);
  if v_count = 0 then
    v_next := p_last + 1;
  else
    perform private.ask_for_outbox();
  end if;
  return jsonb_build_object('next', v_next, 'state', private.settle_part(p_part_id, p_token,
    jsonb_build_object('queued', v_count), v_next, p_now));
end
$$;

revoke execute on function private.webhooks_of_replay, public.count_inbox_replay, public.accept_inbox_replay,
  public.cut_inbox_replay, private.reopen_webhook, public.queue_inbox_replay from public, anon, authenticated;
grant execute on function private.webhooks_of_replay, public.count_inbox_replay, public.accept_inbox_replay,
  public.cut_inbox_replay, private.reopen_webhook, public.queue_inbox_replay to service_role;
