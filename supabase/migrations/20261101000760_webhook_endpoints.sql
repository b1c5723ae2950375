-- A webhook endpoint is an address of an owner that receives facts. A message is one fact of an owner, and a delivery
-- is one message for one endpoint: it is attempted until the endpoint answers 2xx or its policy gives up.

create table public.webhook_endpoints (
  id uuid primary key,
  owner text not null,
  url text not null,
  -- Names of the catalog, or {*} for all.
  event_types text[] not null,
  description text not null default '',
  -- The largest number of requests a second.
  per_second double precision not null,
  -- The delays between attempts: see src/deliveries/schedule.ts.
  policy text not null,
  -- deleted: hidden from people. Housekeeping deletes the deliveries in batches, and then the endpoint.
  status text not null default 'enabled',
  -- Why the endpoint is disabled: a person disabled it, its answer was 410, or all attempts have failed for five days.
  disabled_reason text,
  disabled_at timestamptz,
  -- When the first attempt after the last success failed, and how many attempts have failed since then.
  failing_since timestamptz,
  failure_count integer not null default 0,
  last_success_at timestamptz,
  -- No attempt begins before this time: the breaker is open, the endpoint asked for a pause, or its lane ended without
  -- completing.
  paused_until timestamptz,
  -- How often the breaker has opened since the last success; each time, the breaker stays open longer.
  breaker_count integer not null default 0,
  -- The job that sends the endpoint's deliveries now or later, and when the job is due. Null when there is nothing to
  -- send.
  lane_job_id uuid,
  lane_due_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint webhook_endpoints_url_is_https check (url ~ '^https://' and length(url) <= 2000),
  constraint webhook_endpoints_want_something check (cardinality(event_types) between 1 and 100),
  constraint webhook_endpoints_description_is_short check (length(description) <= 500),
  constraint webhook_endpoints_rate_is_valid check (per_second between 0.1 and 1000),
  constraint webhook_endpoints_status_is_valid check (status in ('enabled', 'disabled', 'deleted')),
  constraint webhook_endpoints_say_why_they_are_disabled check (
    (status = 'disabled') = (disabled_at is not null)
    and (status = 'disabled') = coalesce(disabled_reason in ('user', 'gone', 'failing'), false)),
  constraint webhook_endpoints_have_a_lane_with_a_time check ((lane_job_id is null) = (lane_due_at is null))
) with (fillfactor = 70);
create unique index webhook_endpoints_are_one_per_url on public.webhook_endpoints (owner, url) where status <> 'deleted';
create index webhook_endpoints_by_owner on public.webhook_endpoints (owner, created_at desc, id desc);

-- The secrets that sign an endpoint's requests, encrypted by the application. The secrets are in a schema that no API
-- reaches.
create table private.webhook_secrets (
  endpoint_id uuid primary key references public.webhook_endpoints (id) on delete cascade,
  secret text not null,
  -- Until this time, the secret that was valid before the rotation also signs.
  old_secret text,
  old_secret_until timestamptz,
  constraint webhook_secrets_old_one_ends check ((old_secret is null) = (old_secret_until is null))
);

create table public.webhook_messages (
  -- The header webhook-id of the message's requests. The id stays the same over all attempts and replays, so that a
  -- receiver can recognize a message that it already has.
  id uuid primary key default gen_random_uuid(),
  -- Replays send messages in this order.
  sequence bigint generated always as identity unique,
  owner text not null,
  type text not null,
  -- A fact that is published twice under one key becomes one message.
  key text not null,
  data jsonb not null,
  at timestamptz not null,
  constraint webhook_messages_are_told_once unique (owner, type, key),
  constraint webhook_messages_type_is_short check (length(type) between 1 and 100),
  constraint webhook_messages_key_is_short check (length(key) between 1 and 300),
  constraint webhook_messages_data_is_small check (pg_column_size(data) <= 65536)
);
create index webhook_messages_by_time on public.webhook_messages (at, id);
create index webhook_messages_by_owner on public.webhook_messages (owner, sequence);

create table public.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  message_id uuid not null references public.webhook_messages (id) on delete cascade,
  status text not null default 'pending',
  -- The number of all attempts, and the number of attempts since the delivery was last queued. The policy counts the
  -- second number.
  attempt_count integer not null default 0,
  try_count integer not null default 0,
  -- When the next attempt is due; null when there is none.
  next_at timestamptz,
  -- The run that is sending the delivery. When the run dies, another run may claim the delivery after claimed_until.
  claimant text,
  claimed_until timestamptz,
  -- The last attempt: the status of its answer, or its error code.
  answer_status integer,
  error_code text,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint webhook_deliveries_are_one_per_endpoint unique (endpoint_id, message_id),
  constraint webhook_deliveries_status_is_valid check (status in ('pending', 'delivered', 'failed')),
  constraint webhook_deliveries_end_or_are_due check (
    (status = 'pending') = (next_at is not null) and (status = 'pending') = (ended_at is null)),
  constraint webhook_deliveries_are_claimed_for_a_time check ((claimant is null) = (claimed_until is null))
) with (fillfactor = 70);
create index webhook_deliveries_due on public.webhook_deliveries (endpoint_id, next_at, id) where status = 'pending';
create index webhook_deliveries_newest_first on public.webhook_deliveries (endpoint_id, created_at desc, id desc);
create index webhook_deliveries_by_status on public.webhook_deliveries (endpoint_id, status, created_at desc, id desc);
create index webhook_deliveries_by_message on public.webhook_deliveries (message_id);

create table public.webhook_attempts (
  id bigint generated always as identity primary key,
  delivery_id uuid not null references public.webhook_deliveries (id) on delete cascade,
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  number integer not null,
  at timestamptz not null,
  duration_ms integer not null,
  url text not null,
  -- The headers without their signatures.
  request_headers jsonb not null,
  -- Null when no answer came; error_code says why.
  answer_status integer,
  answer_headers jsonb not null default '{}',
  -- The first 64 KB of the answer.
  answer_body text not null default '',
  error_code text,
  -- When the next attempt is due; null when there is none.
  next_at timestamptz,
  constraint webhook_attempts_are_numbered unique (delivery_id, number),
  constraint webhook_attempts_answer_is_cut check (length(answer_body) <= 65536)
);
create index webhook_attempts_by_endpoint on public.webhook_attempts (endpoint_id, at);

alter table public.webhook_endpoints enable row level security;
alter table private.webhook_secrets enable row level security;
alter table public.webhook_messages enable row level security;
alter table public.webhook_deliveries enable row level security;
alter table public.webhook_attempts enable row level security;
revoke all on public.webhook_endpoints, public.webhook_messages, public.webhook_deliveries, public.webhook_attempts
  from anon, authenticated;
grant select on public.webhook_endpoints, public.webhook_messages, public.webhook_deliveries, public.webhook_attempts
  to authenticated;
grant select, insert, update, delete on public.webhook_endpoints, private.webhook_secrets, public.webhook_messages,
  public.webhook_deliveries, public.webhook_attempts to service_role;
create policy webhook_endpoints_are_read_by_their_owner_and_admins on public.webhook_endpoints
  for select to authenticated using (status <> 'deleted' and (
    owner = (select auth.jwt()) ->> 'sub'
    or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'));
create policy webhook_messages_are_read_by_their_owner_and_admins on public.webhook_messages
  for select to authenticated using (
    owner = (select auth.jwt()) ->> 'sub'
    or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin');
create policy webhook_deliveries_follow_their_endpoint on public.webhook_deliveries for select to authenticated
  using (exists (select from public.webhook_endpoints where webhook_endpoints.id = endpoint_id));
create policy webhook_attempts_follow_their_endpoint on public.webhook_attempts for select to authenticated
  using (exists (select from public.webhook_endpoints where webhook_endpoints.id = endpoint_id));

select private.register_erasable('public.webhook_messages', 'id', '{data}');
select private.register_erasable('public.webhook_attempts', 'id', '{answer_headers,answer_body}');
select private.register_erasable('public.webhook_endpoints', 'id', '{description}');
