-- A row of the inbox is one webhook that a provider sent and signed: its raw body, and its outcome.

create table public.webhook_inbox (
  -- The id of the webhook, and of the first job that handles the webhook.
  id uuid primary key,
  -- The job of the webhook's newest replay.
  replay_job_id uuid,
  -- The order of arrival. Webhooks that one statement stores are ordered by source, then by the provider's id.
  sequence bigint generated always as identity,
  source text not null,
  -- The provider's id of the event.
  external_id text not null,
  type text not null,
  -- The object that the webhook is about, such as stripe:pi_1.
  object_key text not null,
  -- When the event happened, by the provider's clock; null when the provider does not say.
  occurred_at timestamptz,
  headers jsonb not null,
  body text not null,
  -- A hash of the body, only for providers that do not sign the id of the event. For these providers, two webhooks with
  -- the same bytes are the same event.
  body_sha256 text,
  -- received: a job handles it; failed: that job has ended without handling it; ignored: no handler knows its type;
  -- applied: it changed our rows; unchanged: our rows were newer already; covered: the object was read from the provider
  -- after this webhook had arrived; unreadable: it was signed and refused, and its body is here in the format `escape`.
  verdict text not null,
  received_at timestamptz not null,
  handled_at timestamptz,
  constraint webhook_inbox_knows_a_webhook_once unique (source, external_id),
  constraint webhook_inbox_knows_a_body_once unique (source, body_sha256),
  constraint webhook_inbox_verdict_is_valid check (
    verdict in ('received', 'failed', 'ignored', 'applied', 'unchanged', 'covered', 'unreadable')),
  constraint webhook_inbox_says_when_it_was_handled check (
    (handled_at is null) = (verdict in ('received', 'failed', 'ignored', 'unreadable')))
);
create index webhook_inbox_by_object on public.webhook_inbox (object_key, sequence desc);
create index webhook_inbox_by_source on public.webhook_inbox (source, sequence);
create index webhook_inbox_by_time on public.webhook_inbox (received_at, id);
create index webhook_inbox_by_group on public.webhook_inbox (source, type, verdict, received_at desc, id desc);

-- For each object, the newest webhook that had arrived when the object was last read from its provider.
create table public.webhook_objects (
  key text primary key,
  covered_sequence bigint not null,
  covered_at timestamptz not null
);
create index webhook_objects_by_time on public.webhook_objects (covered_at);

-- The number of refused requests per hour and reason.
create table public.webhook_refusals (
  source text not null,
  reason text not null,
  hour timestamptz not null,
  count bigint not null,
  primary key (source, reason, hour),
  constraint webhook_refusals_reason_is_valid check (reason in ('unsigned', 'malformed', 'stale', 'mismatch'))
);

-- Counts of GitHub's webhooks per repository and day (UTC, by arrival), and what GitHub said about the repository when
-- it was last asked on that day (src/webhooks/sync-github-metrics.ts); null: it was not asked.
create table public.github_metrics (
  repository text not null,
  day date not null,
  push_count bigint not null default 0,
  commit_count bigint not null default 0,
  opened_issue_count bigint not null default 0,
  closed_issue_count bigint not null default 0,
  release_count bigint not null default 0,
  added_star_count bigint not null default 0,
  removed_star_count bigint not null default 0,
  star_count bigint,
  fork_count bigint,
  open_issue_count bigint,
  synced_at timestamptz,
  primary key (repository, day)
);

alter table public.webhook_inbox enable row level security;
alter table public.webhook_objects enable row level security;
alter table public.webhook_refusals enable row level security;
alter table public.github_metrics enable row level security;
revoke all on public.webhook_inbox, public.webhook_objects, public.webhook_refusals, public.github_metrics
  from anon, authenticated;
grant select, insert, update, delete on public.webhook_inbox, public.webhook_objects, public.webhook_refusals,
  public.github_metrics to service_role;

create function private.webhook_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, inbox.source || ': ' || inbox.type
  from unnest(p_jobs) as jobs join public.webhook_inbox as inbox on inbox.id = private.uuid_of(jobs.event_data ->> 'webhookId');
$$;
revoke execute on function private.webhook_subjects from public, anon, authenticated;
grant execute on function private.webhook_subjects to service_role;

-- Stores the verdict "failed" when the job of a webhook has ended without handling it. Without a stored verdict, a list
-- of failed webhooks would have to read the jobs of all waiting webhooks. Only the newest job of a webhook counts. A
-- completed job has already stored a verdict, so this statement reads nothing for it.
create function private.fail_webhook(p_job public.jobs, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.webhook_inbox set verdict = 'failed'
  where p_job.status <> 'completed' and id = private.uuid_of(p_job.event_data ->> 'webhookId')
    and coalesce(replay_job_id, id) = p_job.id and verdict = 'received';
$$;
revoke execute on function private.fail_webhook from public, anon, authenticated;
grant execute on function private.fail_webhook to service_role;

-- This kind must have no limits, because its jobs are accepted many at a time; see accept_jobs.
select private.register_work_kind('{"function_id": "process-webhook", "event_name": "webhook/received",
  "kind": "webhook", "per_second": null, "waiting": null, "by_promise": false,
  "after_end": "private.fail_webhook", "subjects": "private.webhook_subjects",
  "summary": "Handles one webhook that a provider sent"}');
select private.register_erasable('public.webhook_inbox', 'id', '{body}');

-- Stores webhooks and accepts their jobs in one transaction: [{"webhook", "request"}]. A request of null means that no
-- handler knows the webhook's type, or that the webhook is unreadable. A webhook that the inbox already has changes
-- nothing. Returns the new jobs, with the fields that the outbox needs.
create function public.receive_webhooks(p_webhooks jsonb, p_now timestamptz)
returns table (id uuid, event_name text, event_data jsonb, released_at timestamptz)
language plpgsql
set search_path = ''
as $$
begin
  return query
  with given as (
    select webhook, nullif(request, 'null') as request
    from jsonb_to_recordset(p_webhooks) as given (webhook jsonb, request jsonb)
  ), stored as (
    insert into public.webhook_inbox (id, source, external_id, type, object_key, occurred_at, headers, body,
      body_sha256, verdict, received_at)
    select (webhook ->> 'id')::uuid, webhook ->> 'source', webhook ->> 'externalId', webhook ->> 'type',
      webhook ->> 'objectKey', (webhook ->> 'occurredAt')::timestamptz, webhook -> 'headers', webhook ->> 'body',
      webhook ->> 'bodySha256',
      coalesce(webhook ->> 'verdict', case when request is null then 'ignored' else 'received' end), p_now
    from given
    -- Two statements that store the same ids insert them in the same order, so they cannot deadlock. Only bodies that
    -- are sent again with other ids could still deadlock; then one statement fails, and its webhooks are answered 503.
    order by webhook ->> 'source', webhook ->> 'externalId'
    on conflict do nothing
    returning webhook_inbox.id
  )
  select job.id, job.event_name, job.event_data, job.released_at
  from private.accept_jobs('process-webhook', (
    select array_agg(given.request) from given join stored on stored.id = (given.webhook ->> 'id')::uuid
    where given.request is not null), p_now) as job;
end
$$;

create function public.count_webhook_refusal(p_source text, p_reason text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into public.webhook_refusals as refusals (source, reason, hour, count)
  values (p_source, p_reason, date_trunc('hour', p_now), 1)
  on conflict (source, reason, hour) do update set count = refusals.count + 1;
$$;

-- Returns a webhook, the newest webhook of the same object, the time when that object was last read from its provider,
-- and the webhook that was the newest at that time.
create function public.open_webhook(p_id uuid)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('id', inbox.id, 'source', inbox.source, 'type', inbox.type, 'body', inbox.body,
    'occurredAt', inbox.occurred_at, 'receivedAt', inbox.received_at, 'sequence', inbox.sequence,
    'newestSequence', (select max(sequence) from public.webhook_inbox where object_key = inbox.object_key),
    'isCovered', coalesce(object.covered_sequence >= inbox.sequence, false), 'coveredAt', object.covered_at)
  from public.webhook_inbox as inbox left join public.webhook_objects as object on object.key = inbox.object_key
  where id = p_id;
$$;

-- A webhook whose handled_at is set keeps its verdict, because a repeated run does not repeat the effect. A replay
-- clears handled_at first (private.reopen_webhook).
-- p_covered_sequence: the object was read from the provider when this was the newest webhook; null: it was not read.
create function public.settle_webhook(
  p_id uuid, p_verdict text, p_covered_sequence bigint, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.webhook_inbox set verdict = p_verdict, handled_at = p_now where id = p_id and handled_at is null;
  if p_covered_sequence is not null then
    insert into public.webhook_objects as objects (key, covered_sequence, covered_at)
    select object_key, p_covered_sequence, p_now from public.webhook_inbox where id = p_id
    on conflict (key) do update set covered_at = p_now,
      covered_sequence = greatest(objects.covered_sequence, excluded.covered_sequence);
  end if;
end
$$;

-- Counts a webhook of GitHub once: the counts grow in the transaction that settles it. p_counts: {"push_count": 1}.
create function public.count_github_webhook(p_id uuid, p_repository text, p_counts jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_received_at timestamptz;
  v_add public.github_metrics := jsonb_populate_record(
    row ('', p_now::date, 0, 0, 0, 0, 0, 0, 0, null, null, null, null)::public.github_metrics, p_counts);
begin
  update public.webhook_inbox set verdict = 'applied', handled_at = p_now
  where id = p_id and handled_at is null returning received_at into v_received_at;
  if v_received_at is null then
    return false;
  end if;
  insert into public.github_metrics as metrics
  values (p_repository, (v_received_at at time zone 'UTC')::date, v_add.push_count, v_add.commit_count,
    v_add.opened_issue_count, v_add.closed_issue_count, v_add.release_count, v_add.added_star_count,
    v_add.removed_star_count)
  on conflict (repository, day) do update set
    push_count = metrics.push_count + excluded.push_count,
    commit_count = metrics.commit_count + excluded.commit_count,
    opened_issue_count = metrics.opened_issue_count + excluded.opened_issue_count,
    closed_issue_count = metrics.closed_issue_count + excluded.closed_issue_count,
    release_count = metrics.release_count + excluded.release_count,
    added_star_count = metrics.added_star_count + excluded.added_star_count,
    removed_star_count = metrics.removed_star_count + excluded.removed_star_count;
  return true;
end
$$;

-- Stores what GitHub says about repositories: [{"repository", "stars", "forks", "openIssues"}]. An older answer that
-- arrives late changes nothing. Returns how many rows were written.
create function public.sync_github_metrics(p_metrics jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  insert into public.github_metrics as metrics (repository, day, star_count, fork_count, open_issue_count, synced_at)
  select said.repository, (p_now at time zone 'UTC')::date, said.stars, said.forks, said."openIssues", p_now
  from jsonb_to_recordset(p_metrics) as said (repository text, stars bigint, forks bigint, "openIssues" bigint)
  on conflict (repository, day) do update set star_count = excluded.star_count, fork_count = excluded.fork_count,
    open_issue_count = excluded.open_issue_count, synced_at = excluded.synced_at
  where metrics.synced_at is null or metrics.synced_at <= excluded.synced_at;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- Deletes the oldest rows of the tables above. Returns the number of deleted webhooks.
create function public.purge_webhooks(p_before timestamptz, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
begin
  perform private.delete_rows_before('public.webhook_objects', 'covered_at', p_before, p_limit);
  delete from public.webhook_refusals where hour < p_before;
  return private.delete_rows_before('public.webhook_inbox', 'received_at', p_before, p_limit);
end
$$;

revoke execute on function public.receive_webhooks, public.count_webhook_refusal, public.open_webhook,
  public.settle_webhook, public.count_github_webhook, public.sync_github_metrics, public.purge_webhooks from public, anon, authenticated;
grant execute on function public.receive_webhooks, public.count_webhook_refusal, public.open_webhook,
  public.settle_webhook, public.count_github_webhook, public.sync_github_metrics, public.purge_webhooks to service_role;
