-- A gap check compares the provider's list of sent webhooks with the inbox. Each row is for
-- one list of a provider, and has the time up to which this list was compared.

create table public.webhook_gap_checks (
  -- The list: stripe, github:ada/engine:42 (a hook) or resend:<webhook>.
  key text primary key,
  -- All webhooks that were sent before this time have been compared.
  checked_until timestamptz not null,
  -- While the list is being read (page by page, the newest webhooks first): up to when it will count as compared (when
  -- the reading began, or when the oldest webhook that failed was sent), and the next page.
  reading_until timestamptz,
  cursor text,
  -- How many missing webhooks the checks of this list have found.
  found_count bigint not null default 0,
  checked_at timestamptz,
  constraint webhook_gap_checks_read_with_a_start check (cursor is null or reading_until is not null)
);
alter table public.webhook_gap_checks enable row level security;
revoke all on public.webhook_gap_checks from anon, authenticated;
grant select, insert, update, delete on public.webhook_gap_checks to service_role;

select private.register_work_kind('{"function_id": "sync-github-metrics", "event_name": "github/sync-metrics",
  "summary": "Reads the metrics of repositories from GitHub"}');
select private.register_work_kind('{"function_id": "check-webhook-gaps", "event_name": "webhook/check-gaps",
  "kind": "gap-check", "priority": 4, "per_second": null, "waiting": null, "by_promise": false,
  "summary": "Looks for webhooks that a provider sent and we never received"}');

-- The first comparison of a list begins with the oldest webhook of its source, or with the present time if there is none,
-- because webhooks that were sent before we received any are not missing.
create function public.open_webhook_gap_check(p_key text, p_source text, p_now timestamptz)
returns public.webhook_gap_checks
language plpgsql
set search_path = ''
as $$
declare
  v_check public.webhook_gap_checks;
begin
  select * into v_check from public.webhook_gap_checks where key = p_key;
  if not found then
    insert into public.webhook_gap_checks (key, checked_until)
    select p_key, coalesce(min(received_at), p_now) from public.webhook_inbox where source = p_source
    on conflict (key) do update set key = excluded.key
    returning * into v_check;
  end if;
  return v_check;
end
$$;

-- Which of these ids the inbox does not have.
create function public.missing_webhooks(p_source text, p_external_ids text[])
returns text[]
language sql stable
set search_path = ''
as $$
  select coalesce(array_agg(sent.id), '{}') from unnest(p_external_ids) as sent (id)
  where not exists (
    select from public.webhook_inbox as inbox where inbox.source = p_source and inbox.external_id = sent.id);
$$;

-- Stores how far a list was read. p_reading_until null: everything until p_checked_until was compared.
create function public.save_webhook_gap_check(
  p_key text, p_checked_until timestamptz, p_reading_until timestamptz, p_cursor text, p_found integer,
  p_now timestamptz
)
returns void
language sql
set search_path = ''
as $$
  update public.webhook_gap_checks set checked_until = greatest(checked_until, p_checked_until),
    reading_until = p_reading_until, cursor = p_cursor, found_count = found_count + p_found, checked_at = p_now
  where key = p_key;
$$;

revoke execute on function public.open_webhook_gap_check, public.missing_webhooks, public.save_webhook_gap_check from public, anon, authenticated;
grant execute on function public.open_webhook_gap_check, public.missing_webhooks, public.save_webhook_gap_check to service_role;
