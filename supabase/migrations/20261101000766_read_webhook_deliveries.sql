-- The log of deliveries, and the actions of people on single deliveries. p_owner null is an administrator.

create function private.describe_delivery(p_delivery public.webhook_deliveries)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(p_delivery) || jsonb_build_object('type', message.type, 'message_at', message.at,
    'data', message.data, 'url', endpoint.url)
  from public.webhook_messages as message, public.webhook_endpoints as endpoint
  where message.id = p_delivery.message_id and endpoint.id = p_delivery.endpoint_id;
$$;

-- Newest first. p_status null: all.
create function public.list_webhook_deliveries(
  p_endpoint_id uuid, p_owner text, p_status text, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select private.describe_delivery(delivery) from (
    select * from public.webhook_deliveries
    where endpoint_id = (select id from public.webhook_endpoints
        where id = p_endpoint_id and webhook_endpoints.status <> 'deleted' and (p_owner is null or owner = p_owner))
      and (p_status is null or status = p_status)
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc limit p_limit) as delivery;
end
$$;

-- One delivery with its newest p_limit attempts. The result has no row when this owner has no such delivery.
create function public.get_webhook_delivery(p_id uuid, p_owner text, p_limit integer)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.describe_delivery(delivery) || jsonb_build_object('attempts', (
    select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt.number desc), '[]') from (
      select * from public.webhook_attempts where delivery_id = p_id order by number desc limit p_limit) as attempt))
  from public.webhook_deliveries as delivery
  where id = p_id and exists (select from public.webhook_endpoints
    where id = delivery.endpoint_id and webhook_endpoints.status <> 'deleted' and (p_owner is null or owner = p_owner));
$$;

-- Attempts a delivery now, or at the end of its endpoint's pause, in any state. Refused while its endpoint is disabled.
create function public.resend_webhook_delivery(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_delivery public.webhook_deliveries;
begin
  select * into v_delivery from public.webhook_deliveries where id = p_id;
  if v_delivery.id is null or not exists (select from public.webhook_endpoints
    where id = v_delivery.endpoint_id and status <> 'deleted' and (p_owner is null or owner = p_owner))
  then
    perform private.refuse(404, 'not_found', 'Webhook delivery not found');
  end if;
  perform private.refuse_disabled_endpoint(v_delivery.endpoint_id);
  perform private.queue_deliveries(array[v_delivery.message_id], array[v_delivery.endpoint_id], p_now);
  select * into v_delivery from public.webhook_deliveries where id = p_id;
  return private.describe_delivery(v_delivery);
end
$$;

create function private.refuse_disabled_endpoint(p_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.webhook_endpoints where id = p_id and status = 'disabled') then
    perform private.refuse(409, 'conflict', 'The endpoint is disabled: enable it first');
  end if;
end
$$;

-- Sends a test message of any type to one endpoint. p_id is the id of the message. A repeated call returns the delivery
-- of the first one, and attempts nothing. Refused when p_id belongs to a message of another type or endpoint. Locks the
-- lane before the endpoint, as the end of a lane does.
create function public.test_webhook_endpoint(
  p_endpoint_id uuid, p_owner text, p_id uuid, p_type text, p_data jsonb, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_type text := (select type from public.webhook_messages where id = p_id);
  v_delivery public.webhook_deliveries;
begin
  perform pg_advisory_xact_lock_shared(private.lane_lock(p_endpoint_id));
  v_endpoint := private.lock_endpoint(p_endpoint_id, p_owner);
  if v_type is null then
    perform private.refuse_disabled_endpoint(p_endpoint_id);
    insert into public.webhook_messages (id, owner, type, key, data, at)
    values (p_id, v_endpoint.owner, p_type, 'test:' || p_id, p_data, p_now);
    perform private.queue_deliveries(array[p_id], array[p_endpoint_id], p_now);
  end if;
  select * into v_delivery from public.webhook_deliveries
  where endpoint_id = p_endpoint_id and message_id = p_id;
  if v_type <> p_type or v_delivery.id is null then
    perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another request');
  end if;
  return private.describe_delivery(v_delivery);
end
$$;

-- Deletes messages from before p_before, with their deliveries and attempts, unless a delivery is still pending.
-- Returns the number of deleted messages.
create function public.purge_webhook_messages(p_before timestamptz, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.webhook_messages where id in (
    select id from public.webhook_messages as message
    where at < p_before and not exists (select from public.webhook_deliveries
      where message_id = message.id and status = 'pending')
    order by at, id limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- First deletes replaced secrets (old_secret) that no longer sign. Then returns both secrets of at most p_limit
-- endpoints of which at least one is encrypted with a key other than p_key_name. The order is random, so that a secret
-- that cannot be decrypted does not block the others.
create function public.secrets_to_renew(p_key_name text, p_limit integer, p_now timestamptz)
returns setof jsonb
language sql
set search_path = ''
as $$
  update private.webhook_secrets set old_secret = null, old_secret_until = null where old_secret_until <= p_now;
  select jsonb_build_object('endpointId', endpoint_id, 'secret', secret, 'oldSecret', old_secret)
  from private.webhook_secrets
  where not starts_with(secret, p_key_name || '.') or not starts_with(old_secret, p_key_name || '.')
  order by random() limit p_limit;
$$;

-- p_secrets: [{"endpointId", "from", "to"}]. A secret that was rotated meanwhile stays as it is.
create function public.replace_webhook_secrets(p_secrets jsonb)
returns void
language sql
set search_path = ''
as $$
  update private.webhook_secrets as secrets set
    secret = coalesce((select value ->> 'to' from jsonb_array_elements(p_secrets)
      where (value ->> 'endpointId')::uuid = endpoint_id and value ->> 'from' = secrets.secret), secret),
    old_secret = coalesce((select value ->> 'to' from jsonb_array_elements(p_secrets)
      where (value ->> 'endpointId')::uuid = endpoint_id and value ->> 'from' = secrets.old_secret), old_secret)
  where endpoint_id in (select (value ->> 'endpointId')::uuid from jsonb_array_elements(p_secrets));
$$;

revoke execute on function private.describe_delivery, private.refuse_disabled_endpoint,
  public.list_webhook_deliveries, public.get_webhook_delivery, public.resend_webhook_delivery,
  public.test_webhook_endpoint, public.purge_webhook_messages, public.secrets_to_renew,
  public.replace_webhook_secrets from public, anon, authenticated;
grant execute on function private.describe_delivery, private.refuse_disabled_endpoint,
  public.list_webhook_deliveries, public.get_webhook_delivery, public.resend_webhook_delivery,
  public.test_webhook_endpoint, public.purge_webhook_messages, public.secrets_to_renew,
  public.replace_webhook_secrets to service_role;
