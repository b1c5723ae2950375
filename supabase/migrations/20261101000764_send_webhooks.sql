-- How facts become deliveries, and how deliveries are sent. Each endpoint has one lane: a job that sends what is due,
-- one batch after the other, and ends when nothing is due. The next lane begins when a fact is published, or when an
-- attempt is due.

-- A publisher holds this lock shared until it commits. A lane that ends takes the lock exclusively, so that the lane
-- sees every delivery that a publisher has left to it.
create function private.lane_lock(p_endpoint_id uuid)
returns bigint
language sql immutable
set search_path = ''
as $$
  select hashtextextended('webhook lane ' || p_endpoint_id, 0);
$$;

-- Plans the lane of an endpoint for the time when its next attempt is due, unless a lane is already planned for then. A
-- lane that is planned for later is replaced.
create function private.plan_lane(p_endpoint public.webhook_endpoints, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_next_at timestamptz := (
    select min(greatest(next_at, claimed_until)) from (
      select next_at, claimed_until from public.webhook_deliveries
      where endpoint_id = p_endpoint.id and status = 'pending' order by next_at, id limit 100) as waiting);
  v_at timestamptz := greatest(p_now, v_next_at, p_endpoint.paused_until);
  v_job public.jobs;
begin
  if v_next_at is null or p_endpoint.status <> 'enabled'
    or p_endpoint.lane_due_at <= v_at + interval '1 second'
  then
    return;
  end if;
  if p_endpoint.lane_job_id is not null then
    perform private.end_job(p_endpoint.lane_job_id, 'canceled', null, null, p_now);
  end if;
  v_job := private.accept_job(jsonb_build_object('id', gen_random_uuid(), 'event', 'webhook/send',
    'functionId', 'send-webhook', 'data', jsonb_build_object('endpointId', p_endpoint.id), 'requester', 'deliveries',
    'delayMs', extract(epoch from v_at - p_now) * 1000), p_now);
  update public.webhook_endpoints set lane_job_id = v_job.id, lane_due_at = v_at where id = p_endpoint.id;
  perform private.ask_for_outbox();
end
$$;

-- Called when a lane has ended, whatever its status. Plans the next lane if anything is left to send: five minutes later,
-- unless this lane completed. After a lane that was replaced there is nothing to plan, and the transaction that replaced it must not wait for the other publishers.
create function private.after_lane_job(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id constant uuid := p_job.event_data ->> 'endpointId';
  v_endpoint public.webhook_endpoints;
begin
  if not exists (select from public.webhook_endpoints where id = v_id and lane_job_id = p_job.id) then
    return;
  end if;
  perform pg_advisory_xact_lock(private.lane_lock(v_id));
  update public.webhook_endpoints set lane_job_id = null, lane_due_at = null,
    paused_until = case when p_job.status = 'completed' then paused_until
      else greatest(paused_until, p_now + interval '5 minutes') end
  where id = v_id and lane_job_id = p_job.id returning * into v_endpoint;
  perform private.plan_lane(v_endpoint, p_now);
end
$$;

-- Only the host is shown, because the rest of an address may be secret.
create function private.host_of_url(p_url text)
returns text
language sql immutable
set search_path = ''
as $$
  select substring(p_url from '^https://(?:[^/?#]*@)?([^/?#@]+)');
$$;

create function private.lane_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, private.host_of_url(endpoints.url)
  from unnest(p_jobs) as jobs join public.webhook_endpoints as endpoints on endpoints.id = private.uuid_of(jobs.event_data ->> 'endpointId');
$$;
revoke execute on function private.host_of_url, private.lane_subjects from public, anon, authenticated;
grant execute on function private.host_of_url, private.lane_subjects to service_role;

select private.register_work_kind('{"function_id": "send-webhook", "event_name": "webhook/send", "kind": "delivery",
  "after_end": "private.after_lane_job", "per_second": null, "waiting": null, "by_promise": false,
  "keep_completed": 200,
  "subjects": "private.lane_subjects",
  "summary": "Sends the due deliveries of one webhook endpoint"}');

-- Queues messages for endpoints, and starts their lanes. A delivery that has ended, or waits for its next attempt, is
-- attempted now. If another transaction has locked the endpoint, this transaction does not start the lane. Another
-- publisher starts it itself. After a person has changed or enabled the endpoint, public.start_webhook_lane starts it.
-- After a rotation of the secret or the request of a replay, housekeeping does. A disabled endpoint needs no lane.
-- Endpoints are locked FOR NO KEY UPDATE: each insert holds its endpoint FOR KEY SHARE, so with FOR UPDATE two
-- publishers would skip each other's endpoint, and neither would start the lane.
create function private.queue_deliveries(p_message_ids uuid[], p_endpoint_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  perform pg_advisory_xact_lock_shared(private.lane_lock(id)) from unnest(p_endpoint_ids) as id;
  insert into public.webhook_deliveries as delivery (endpoint_id, message_id, next_at, created_at)
  select endpoint_id, message_id, p_now, p_now
  from unnest(p_endpoint_ids) as endpoint_id cross join unnest(p_message_ids) as message_id
  order by endpoint_id, message_id
  on conflict (endpoint_id, message_id) do update set status = 'pending', next_at = p_now, try_count = 0,
    ended_at = null, error_code = null
  where delivery.status <> 'pending' or (delivery.next_at > p_now and delivery.claimant is null);
  for v_endpoint in
    select * from public.webhook_endpoints
    where id = any (p_endpoint_ids) and status = 'enabled' and (lane_due_at is null or lane_due_at > p_now)
    order by id for no key update skip locked
  loop
    perform private.plan_lane(v_endpoint, p_now);
  end loop;
end
$$;

-- Called for every published fact. If any endpoint of the fact's owner wants facts of this type, the fact is stored as
-- a message, and the message is queued for those of the endpoints that are enabled.
create function private.deliver_fact(p_type text, p_owner text, p_key text, p_data jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_message_id uuid;
  v_enabled uuid[];
  v_count integer;
begin
  select count(*), array_agg(id) filter (where status = 'enabled') into v_count, v_enabled
  from public.webhook_endpoints where owner = p_owner and status <> 'deleted' and event_types && array['*', p_type];
  if v_count = 0 then
    return;
  end if;
  insert into public.webhook_messages (owner, type, key, data, at) values (p_owner, p_type, p_key, p_data, p_now)
  on conflict (owner, type, key) do nothing returning id into v_message_id;
  if v_message_id is not null and v_enabled is not null then
    perform private.queue_deliveries(array[v_message_id], v_enabled, p_now);
  end if;
end
$$;

select private.register_fact_listener('private.deliver_fact(text, text, text, jsonb, timestamptz)');

-- Claims what is due for the lane of an endpoint. A run that calls this again gets its own claims back. After the
-- breaker has opened, one delivery tests the endpoint. Returns null when there is nothing to send, else {"endpoint",
-- "secret", "oldSecret", "deliveries": [{"id", "messageId", "type", "data", "at", "attempt", "try"}]}.
create function public.claim_webhook_deliveries(
  p_endpoint_id uuid, p_job_id uuid, p_claimant text, p_limit integer, p_lease_ms integer, p_breaker_after integer,
  p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_limit integer;
  v_deliveries jsonb;
begin
  select * into v_endpoint from public.webhook_endpoints
  where id = p_endpoint_id and status = 'enabled' and lane_job_id = p_job_id
    and coalesce(paused_until <= p_now, true);
  v_limit := case when v_endpoint.failure_count >= p_breaker_after then 1
    else least(p_limit, greatest(1, floor(v_endpoint.per_second)::integer)) end;
  with claimed as (
    update public.webhook_deliveries as delivery set claimant = p_claimant,
      claimed_until = p_now + p_lease_ms * interval '1 millisecond'
    where id in (
      select id from public.webhook_deliveries
      where endpoint_id = v_endpoint.id and status = 'pending' and next_at <= p_now
        and (claimed_until is null or claimed_until <= p_now or claimant = p_claimant)
      order by next_at, id limit v_limit for update skip locked)
    returning *
  )
  select jsonb_agg(jsonb_build_object('id', claimed.id, 'messageId', message.id, 'type', message.type,
    'data', message.data, 'at', message.at, 'attempt', claimed.attempt_count + 1, 'try', claimed.try_count + 1)
    order by claimed.next_at, claimed.id)
  into v_deliveries
  from claimed join public.webhook_messages as message on message.id = claimed.message_id;
  if v_deliveries is null then
    return null;
  end if;
  return (select jsonb_build_object('url', v_endpoint.url, 'perSecond', v_endpoint.per_second,
      'policy', v_endpoint.policy, 'secret', secret,
      'oldSecret', case when old_secret_until > p_now then old_secret end, 'deliveries', v_deliveries)
    from private.webhook_secrets where endpoint_id = v_endpoint.id);
end
$$;

-- Updates the endpoint after the attempts of a batch: the last success, the failures, the breaker, and a pause for
-- which the endpoint asked. After p_breaker_after failures without a success the breaker opens for 30 seconds, then for
-- twice as long each time, at most 30 minutes.
create function private.note_attempts(
  p_endpoint public.webhook_endpoints, p_succeeded integer, p_failed integer, p_pause_until timestamptz, p_breaker_after integer,
  p_now timestamptz
)
returns public.webhook_endpoints
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_opens constant boolean := p_succeeded = 0 and p_endpoint.failure_count + p_failed >= p_breaker_after;
begin
  update public.webhook_endpoints set
    last_success_at = case when p_succeeded > 0 then p_now else last_success_at end,
    failing_since = case when p_succeeded > 0 then null else coalesce(failing_since, p_now) end,
    failure_count = case when p_succeeded > 0 then 0 else failure_count + p_failed end,
    breaker_count = case when p_succeeded > 0 then 0 else breaker_count + v_opens::integer end,
    paused_until = greatest(p_pause_until,
      case when v_opens then p_now + least(interval '30 minutes', interval '30 seconds' * 2 ^ least(breaker_count, 10)) end)
  where id = p_endpoint.id returning * into v_endpoint;
  return v_endpoint;
end
$$;

-- Records the attempts of a batch, each once, and when the next ones are due. p_attempts: [{"deliveryId", "status":
-- "delivered", "pending" or "failed", "at", "durationMs", "url", "requestHeaders", "answerStatus", "answerHeaders",
-- "answerBody", "errorCode", "nextAt", "pauseUntil", "isGone"}]. The answers of a URL that the endpoint no longer has
-- say nothing about the endpoint. Returns the reason if these attempts disabled the endpoint, otherwise null.
create function public.settle_webhook_deliveries(
  p_endpoint_id uuid, p_claimant text, p_attempts jsonb, p_breaker_after integer, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_sums record;
  v_reason text;
begin
  select * into v_endpoint from public.webhook_endpoints where id = p_endpoint_id for no key update;
  with attempt as (
    select * from jsonb_to_recordset(p_attempts) as attempt ("deliveryId" uuid, status text, at timestamptz,
      "durationMs" integer, url text, "requestHeaders" jsonb, "answerStatus" integer, "answerHeaders" jsonb,
      "answerBody" text, "errorCode" text, "nextAt" timestamptz, "pauseUntil" timestamptz, "isGone" boolean)
  ), settled as (
    update public.webhook_deliveries as delivery set
      status = attempt.status, attempt_count = attempt_count + 1, try_count = try_count + 1, next_at = attempt."nextAt",
      claimant = null, claimed_until = null, answer_status = attempt."answerStatus",
      error_code = attempt."errorCode", ended_at = case when attempt.status <> 'pending' then p_now end
    from attempt where delivery.id = attempt."deliveryId" and delivery.claimant = p_claimant
    returning delivery.id, delivery.attempt_count
  ), recorded as (
    insert into public.webhook_attempts (delivery_id, endpoint_id, number, at, duration_ms, url, request_headers,
      answer_status, answer_headers, answer_body, error_code, next_at)
    select id, p_endpoint_id, attempt_count, at, "durationMs", url, "requestHeaders", "answerStatus", "answerHeaders",
      "answerBody", "errorCode", "nextAt"
    from settled join attempt on attempt."deliveryId" = settled.id
    returning delivery_id
  )
  select count(*) filter (where status = 'delivered') as succeeded, count(*) filter (where status <> 'delivered') as failed,
    max("pauseUntil") as pause_until, coalesce(bool_or("isGone"), false) as is_gone
  into v_sums from attempt join recorded on recorded.delivery_id = attempt."deliveryId"
  where attempt.url = v_endpoint.url;
  if v_sums.succeeded + v_sums.failed = 0 then
    return null;
  end if;
  v_endpoint := private.note_attempts(
    v_endpoint, v_sums.succeeded::integer, v_sums.failed::integer, v_sums.pause_until, p_breaker_after, p_now);
  v_reason := case when v_sums.is_gone then 'gone'
    when v_endpoint.failing_since <= p_now - interval '5 days' and v_endpoint.failure_count >= 10 then 'failing' end;
  if v_reason is not null then
    perform private.disable_endpoint(p_endpoint_id, v_reason, p_now);
  end if;
  return v_reason;
end
$$;

-- Called after a person's change of the endpoint has committed, because a publisher that found the endpoint locked has
-- not started the lane. Waits for publishers that have not committed (private.lane_lock). The change itself cannot take
-- this lock: it has locked the endpoint already, while the end of a lane takes this lock before it locks the endpoint.
create function public.start_webhook_lane(p_endpoint_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  perform pg_advisory_xact_lock(private.lane_lock(p_endpoint_id));
  select * into v_endpoint from public.webhook_endpoints where id = p_endpoint_id for no key update;
  perform private.plan_lane(v_endpoint, p_now);
end
$$;

-- Plans a lane for each endpoint that has pending deliveries but no lane, or due deliveries and a later lane. Housekeeping
-- calls this function, so that a delivery without a lane waits only until the next run of housekeeping.
create function public.wake_webhook_lanes(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_count integer := 0;
begin
  for v_endpoint in
    select * from public.webhook_endpoints as endpoint
    where status = 'enabled'
      and (lane_due_at is null or (lane_due_at > p_now and coalesce(paused_until <= p_now, true)))
      and exists (select from public.webhook_deliveries
        where endpoint_id = endpoint.id and webhook_deliveries.status = 'pending'
          and (endpoint.lane_due_at is null or next_at <= p_now))
    order by id limit p_limit for no key update skip locked
  loop
    perform private.plan_lane(v_endpoint, p_now);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

revoke execute on function private.lane_lock, private.plan_lane, private.after_lane_job, private.queue_deliveries,
  private.deliver_fact, private.note_attempts, public.claim_webhook_deliveries, public.settle_webhook_deliveries,
  public.start_webhook_lane, public.wake_webhook_lanes from public, anon, authenticated;
grant execute on function private.lane_lock, private.plan_lane, private.after_lane_job, private.queue_deliveries,
  private.deliver_fact, private.note_attempts, public.claim_webhook_deliveries, public.settle_webhook_deliveries,
  public.start_webhook_lane, public.wake_webhook_lanes to service_role;
