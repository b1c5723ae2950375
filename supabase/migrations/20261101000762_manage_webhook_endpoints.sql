-- What owners do with their endpoints. p_owner null is an administrator, who sees and changes all of them.

create function private.describe_endpoint(p_endpoint public.webhook_endpoints, p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(p_endpoint) || jsonb_build_object(
    'old_secret_until', (select old_secret_until from private.webhook_secrets
      where endpoint_id = p_endpoint.id and old_secret_until > p_now),
    'pending', (select count(*) from public.webhook_deliveries where endpoint_id = p_endpoint.id and status = 'pending'),
    'attempts', (select jsonb_build_object('total', count(*),
        'succeeded', count(*) filter (where answer_status between 200 and 299))
      from public.webhook_attempts where endpoint_id = p_endpoint.id and at > p_now - interval '1 day'));
$$;

-- Refuses an address that another endpoint of this owner has.
create function private.refuse_known_url(p_owner text, p_url text, p_except uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('webhook endpoints of ' || p_owner, 0));
  if exists (select from public.webhook_endpoints where owner = p_owner and url = p_url and id <> p_except
    and status <> 'deleted')
  then
    perform private.refuse(409, 'conflict', 'There is an endpoint with this address');
  end if;
end
$$;

-- p_endpoint: {"id", "owner", "url", "eventTypes", "description", "perSecond", "policy", "secret"}. Refused when the
-- owner has p_limit endpoints.
create function public.create_webhook_endpoint(p_endpoint jsonb, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_owner text := p_endpoint ->> 'owner';
  v_endpoint public.webhook_endpoints;
begin
  perform private.refuse_known_url(v_owner, p_endpoint ->> 'url', (p_endpoint ->> 'id')::uuid);
  if (select count(*) from public.webhook_endpoints where owner = v_owner and status <> 'deleted') >= p_limit then
    perform private.refuse(409, 'conflict', format('An owner has at most %s endpoints', p_limit));
  end if;
  insert into public.webhook_endpoints (id, owner, url, event_types, description, per_second, policy, created_at,
    updated_at)
  values ((p_endpoint ->> 'id')::uuid, v_owner, p_endpoint ->> 'url',
    array(select jsonb_array_elements_text(p_endpoint -> 'eventTypes')), p_endpoint ->> 'description',
    (p_endpoint ->> 'perSecond')::float8, p_endpoint ->> 'policy', p_now, p_now)
  returning * into v_endpoint;
  insert into private.webhook_secrets (endpoint_id, secret) values (v_endpoint.id, p_endpoint ->> 'secret');
  return private.describe_endpoint(v_endpoint, p_now);
end
$$;

create function public.list_webhook_endpoints(
  p_owner text, p_before_at timestamptz, p_before_id uuid, p_limit integer, p_now timestamptz
)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.describe_endpoint(endpoint, p_now) from (
    select * from public.webhook_endpoints
    where status <> 'deleted' and (p_owner is null or owner = p_owner)
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc limit p_limit) as endpoint;
$$;

create function public.get_webhook_endpoint(p_id uuid, p_owner text, p_now timestamptz)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.describe_endpoint(endpoint, p_now) from public.webhook_endpoints as endpoint
  where id = p_id and status <> 'deleted' and (p_owner is null or owner = p_owner);
$$;

-- Locks and returns the endpoint. Raises an error when this owner has no such endpoint. The lock is FOR NO KEY UPDATE,
-- so that publishers can insert deliveries of the endpoint meanwhile.
create function private.lock_endpoint(p_id uuid, p_owner text)
returns public.webhook_endpoints
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  select * into v_endpoint from public.webhook_endpoints
  where id = p_id and status <> 'deleted' and (p_owner is null or owner = p_owner) for no key update;
  if v_endpoint.id is null then
    perform private.refuse(404, 'not_found', 'Webhook endpoint not found');
  end if;
  return v_endpoint;
end
$$;

-- p_change: any of "url", "eventTypes", "description", "perSecond", "policy". A new URL begins without the failures of
-- the old one, and gets at once what is due.
create function public.change_webhook_endpoint(p_id uuid, p_owner text, p_change jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint(p_id, p_owner);
  v_old_url constant text := v_endpoint.url;
begin
  perform private.refuse_known_url(v_endpoint.owner, p_change ->> 'url', p_id);
  update public.webhook_endpoints set
    url = coalesce(p_change ->> 'url', url),
    event_types = case when p_change ? 'eventTypes' then array(select jsonb_array_elements_text(p_change -> 'eventTypes'))
      else event_types end,
    description = coalesce(p_change ->> 'description', description),
    per_second = coalesce((p_change ->> 'perSecond')::float8, per_second),
    policy = coalesce(p_change ->> 'policy', policy),
    updated_at = p_now
  where id = v_endpoint.id returning * into v_endpoint;
  if v_endpoint.url <> v_old_url then
    update public.webhook_endpoints set failing_since = null, failure_count = 0, breaker_count = 0, paused_until = null
    where id = v_endpoint.id returning * into v_endpoint;
    perform private.plan_lane(v_endpoint, p_now);
  end if;
  return private.describe_endpoint(v_endpoint, p_now);
end
$$;

-- Hides the endpoint from people at once. Housekeeping deletes its deliveries, and then the endpoint. The job of its
-- lane finds nothing to do, and so does a replay that is running. A paused replay has no run, so its job ends here.
create function public.delete_webhook_endpoint(p_id uuid, p_owner text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint(p_id, p_owner);
  v_left_job_ids uuid[];
begin
  update public.webhook_endpoints set status = 'deleted', disabled_reason = null, disabled_at = null where id = v_endpoint.id;
  delete from private.webhook_secrets where endpoint_id = v_endpoint.id;
  with deleted as (
    delete from public.webhook_replays where endpoint_id = v_endpoint.id returning left_job_id
  )
  select array_agg(left_job_id) into v_left_job_ids from deleted;
  perform private.end_jobs(v_left_job_ids, 'canceled', null, null, p_now);
end
$$;

-- Replaces the secret. Until p_old_until, the old secret signs requests too. Only one old secret is kept, so a rotation
-- with an overlap is refused during the overlap of an earlier one. A rotation without an overlap ends both old secrets.
create function public.rotate_webhook_secret(
  p_id uuid, p_owner text, p_secret text, p_old_until timestamptz, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint(p_id, p_owner);
  v_until timestamptz;
begin
  select old_secret_until into v_until from private.webhook_secrets where endpoint_id = v_endpoint.id;
  if v_until > p_now and p_old_until > p_now then
    perform private.refuse(409, 'conflict', format('The old secret still signs until %s UTC: rotate after that, '
      'or with overlapHours 0, which ends all old secrets at once', to_char(v_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI')));
  end if;
  update private.webhook_secrets set
    secret = p_secret,
    old_secret = case when p_old_until > p_now then secret end,
    old_secret_until = case when p_old_until > p_now then p_old_until end
  where endpoint_id = v_endpoint.id;
  update public.webhook_endpoints set updated_at = p_now where id = v_endpoint.id returning * into v_endpoint;
  return private.describe_endpoint(v_endpoint, p_now);
end
$$;

-- Disables an endpoint. Housekeeping fails its pending deliveries, which can be sent again once the endpoint is enabled.
-- The owner is notified (and mailed, by mail_notification), unless a person disabled it.
create function private.disable_endpoint(p_id uuid, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  update public.webhook_endpoints set status = 'disabled', disabled_reason = p_reason, disabled_at = p_now, updated_at = p_now
  where id = p_id and status = 'enabled' returning * into v_endpoint;
  if v_endpoint.id is null then
    return;
  end if;
  if p_reason <> 'user' then
    perform public.notify(v_endpoint.owner, 'WEBHOOK_DISABLED', jsonb_build_object('endpointId', p_id,
      'url', v_endpoint.url, 'reason', p_reason, 'failingSince', v_endpoint.failing_since),
      'webhook-disabled:' || p_id || ':' || p_now, p_now);
  end if;
end
$$;

create function public.disable_webhook_endpoint(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint(p_id, p_owner);
begin
  perform private.disable_endpoint(v_endpoint.id, 'user', p_now);
  select * into v_endpoint from public.webhook_endpoints where id = p_id;
  return private.describe_endpoint(v_endpoint, p_now);
end
$$;

-- Fails the pending deliveries of disabled endpoints, except those whose request is under way, and deletes the deliveries
-- of deleted endpoints: at most p_limit of each. An endpoint may have so many deliveries that one statement for all of
-- them would time out. An endpoint that is being enabled is locked, so it is skipped. Deleted endpoints without
-- deliveries are deleted too. Returns the number of deliveries.
create function public.clear_webhook_endpoints(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_failed integer;
  v_deleted integer;
begin
  update public.webhook_deliveries set status = 'failed', error_code = 'endpoint_disabled', next_at = null,
    claimant = null, claimed_until = null, ended_at = p_now
  where id in (
    select delivery.id from public.webhook_endpoints as endpoint cross join lateral (
      select id from public.webhook_deliveries
      where endpoint_id = endpoint.id and webhook_deliveries.status = 'pending'
        and coalesce(claimed_until <= p_now, true)
      limit p_limit for update skip locked) as delivery
    where endpoint.status = 'disabled' limit p_limit for no key update of endpoint skip locked);
  get diagnostics v_failed = row_count;
  delete from public.webhook_deliveries where id in (
    select delivery.id from public.webhook_endpoints as endpoint cross join lateral (
      select id from public.webhook_deliveries where endpoint_id = endpoint.id
      limit p_limit for update skip locked) as delivery
    where endpoint.status = 'deleted' limit p_limit);
  get diagnostics v_deleted = row_count;
  delete from public.webhook_endpoints where id in (
    select id from public.webhook_endpoints as endpoint
    where endpoint.status = 'deleted'
      and not exists (select from public.webhook_deliveries where endpoint_id = endpoint.id)
    limit p_limit for update skip locked);
  return v_failed + v_deleted;
end
$$;

-- Enables an endpoint and resets its failures. Deliveries that failed while the endpoint was disabled stay failed until
-- a replay sends them again.
create function public.enable_webhook_endpoint(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_endpoint(p_id, p_owner);
begin
  update public.webhook_endpoints set status = 'enabled', disabled_reason = null, disabled_at = null,
    failing_since = null, failure_count = 0, breaker_count = 0, paused_until = null, updated_at = p_now
  where id = v_endpoint.id and status = 'disabled';
  select * into v_endpoint from public.webhook_endpoints where id = p_id;
  return private.describe_endpoint(v_endpoint, p_now);
end
$$;

revoke execute on function private.describe_endpoint, private.refuse_known_url, private.lock_endpoint, private.disable_endpoint,
  public.create_webhook_endpoint, public.list_webhook_endpoints, public.get_webhook_endpoint,
  public.change_webhook_endpoint, public.delete_webhook_endpoint, public.rotate_webhook_secret,
  public.disable_webhook_endpoint, public.clear_webhook_endpoints, public.enable_webhook_endpoint from public, anon, authenticated;
grant execute on function private.describe_endpoint, private.refuse_known_url, private.lock_endpoint, private.disable_endpoint,
  public.create_webhook_endpoint, public.list_webhook_endpoints, public.get_webhook_endpoint,
  public.change_webhook_endpoint, public.delete_webhook_endpoint, public.rotate_webhook_secret,
  public.disable_webhook_endpoint, public.clear_webhook_endpoints, public.enable_webhook_endpoint to service_role;
