-- The inbox as an administrator reads it.

-- Each combination of source, type and verdict in the inbox. One index entry is read for each combination.
create function private.webhook_groups()
returns table (source text, type text, verdict text)
language sql stable
set search_path = ''
as $$
  with recursive groups as (
    (select source, type, verdict from public.webhook_inbox order by source, type, verdict limit 1)
    union all
    select next.* from groups cross join lateral (
      select inbox.source, inbox.type, inbox.verdict from public.webhook_inbox as inbox
      where (inbox.source, inbox.type, inbox.verdict) > (groups.source, groups.type, groups.verdict)
      order by inbox.source, inbox.type, inbox.verdict limit 1) as next
  )
  select * from groups limit 1000;
$$;

-- [{"source", "type"}]: what the filters of the list offer.
create function public.list_webhook_types(p_limit integer)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('source', source, 'type', type) from private.webhook_groups()
  group by source, type order by source, type limit p_limit;
$$;

-- The newest webhooks first, each with the id and the status of its newest job. At most one page is read for each
-- combination (private.webhook_groups), so that one index serves every filter. A filter of null matches every webhook.
create function public.list_webhooks(
  p_source text, p_type text, p_verdict text, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(page) || jsonb_build_object('job_status', jobs.status) from (
    select newest.* from private.webhook_groups() as groups cross join lateral (
      select id, source, type, external_id, verdict, received_at, handled_at, coalesce(replay_job_id, id) as job_id
      from public.webhook_inbox
      where source = groups.source and type = groups.type and verdict = groups.verdict
        and (received_at, id) < (coalesce(p_before_at, 'infinity'),
          coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
      order by received_at desc, id desc limit p_limit) as newest
    where (p_source is null or groups.source = p_source) and (p_type is null or groups.type = p_type)
      and (p_verdict is null or groups.verdict = p_verdict)
    order by newest.received_at desc, newest.id desc limit p_limit) as page
  left join public.jobs on jobs.id = page.job_id
  order by page.received_at desc, page.id desc;
$$;

-- One webhook with at most p_most characters of its body. The result has no row when the webhook was deleted.
create function public.get_webhook(p_id uuid, p_most integer)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(found) || jsonb_build_object('job_status', jobs.status) from (
    select id, source, type, external_id, verdict, received_at, handled_at, coalesce(replay_job_id, id) as job_id,
      object_key, occurred_at, headers, left(body, p_most) as body, octet_length(body) as body_bytes
    from public.webhook_inbox where id = p_id) as found
  left join public.jobs on jobs.id = found.job_id;
$$;

revoke execute on function private.webhook_groups, public.list_webhook_types, public.list_webhooks, public.get_webhook from public, anon, authenticated;
grant execute on function private.webhook_groups, public.list_webhook_types, public.list_webhooks, public.get_webhook to service_role;
