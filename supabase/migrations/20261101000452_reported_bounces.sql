-- A bounce is a mail that did not arrive. A bounce in this table is soft (its reason is temporary) or refused (the
-- receiving server refuses our domain). One such bounce does not prove that the address is bad, so an address is
-- suppressed only after several soft bounces. Other reports suppress an address at once, and need no row here.

create table public.mail_bounces (
  -- The provider's id of the mail, so that a repeated report counts once.
  message_id text primary key,
  kind text not null,
  address_hash bytea not null,
  -- The hash of the domain, the part after the @.
  domain_hash bytea not null,
  campaign_id uuid,
  occurred_at timestamptz not null,
  constraint mail_bounces_kind_is_valid check (kind in ('soft', 'refused')),
  constraint mail_bounces_message_id_is_short check (length(message_id) <= 2000)
);
create index mail_bounces_by_address on public.mail_bounces (address_hash, occurred_at) where kind = 'soft';
create index mail_bounces_by_campaign on public.mail_bounces (campaign_id, occurred_at) where kind = 'refused';
create index mail_bounces_by_time on public.mail_bounces (occurred_at);

alter table public.mail_bounces enable row level security;
revoke all on public.mail_bounces from anon, authenticated;
grant select, insert, update, delete on public.mail_bounces to service_role;

-- The last time at which the address reached p_limit soft bounces within p_days. Null: the address never reached the
-- limit. When an administrator takes back a suppression of the address, earlier bounces do not count any more. The
-- answer depends only on the rows, not on the order in which they were written.
create function private.too_many_bounces_at(p_email text, p_limit integer, p_days integer)
returns timestamptz
language sql stable
set search_path = ''
as $$
  select max(occurred_at) from (
    select occurred_at, lag(occurred_at, p_limit - 1) over (order by occurred_at, message_id) as first_at
    from public.mail_bounces
    where address_hash = private.hash_of_address(p_email) and kind = 'soft' and occurred_at > coalesce((
      select lifted_at from public.suppressions
      where address_hash = private.hash_of_address(p_email) and scope = 'all' and reason = 'bounced'), '-infinity')
  ) as series
  where first_at >= occurred_at - p_days * interval '1 day';
$$;

-- Called when the provider has removed an address from its own list of suppressions. The suppressions that the provider
-- reported before that time are taken back, even when such a report arrives later. A suppression by an administrator
-- stays.
create function private.lift_reported(p_email text, p_reasons text[], p_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_subscribers(array[p_email]);
  insert into public.suppressions as s
    (address_hash, scope, reason, source, lifted_at, lifted_by, lifted_because, created_at)
  select private.hash_of_address(p_email), 'all', reason, 'resend', p_at, 'resend', 'removed from the provider''s list', p_now
  from unnest(p_reasons) as reason order by reason
  on conflict on constraint suppressions_are_once_per_reason do update set
    lifted_at = excluded.lifted_at, lifted_by = excluded.lifted_by, lifted_because = excluded.lifted_because
  where s.source = 'resend' and (s.lifted_at is null or s.lifted_at < excluded.lifted_at);
  perform private.reflect_suppressions(array[p_email], p_now);
end
$$;

-- Applies a provider's report to the address. Reports may come twice and in any order. p_report: {"outcome",
-- "messageId", "address", "at", "note", "campaignId"?, "reason"? (of "added" and "removed"), "softLimit", "softDays"}.
create function private.apply_report_to_address(p_report jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_email text := lower(p_report ->> 'address');
  v_outcome text := p_report ->> 'outcome';
  v_at timestamptz := (p_report ->> 'at')::timestamptz;
  v_reason text := case v_outcome when 'suppressed' then 'by_provider' when 'added' then p_report ->> 'reason'
    when 'bounced' then 'bounced' when 'complained' then 'complained' end;
begin
  if v_outcome in ('soft_bounced', 'refused') then
    -- Reports about one address are applied one after the other, so that each report counts the earlier ones.
    perform pg_advisory_xact_lock(hashtextextended('bounces of ' || v_email, 0));
    insert into public.mail_bounces (message_id, kind, address_hash, domain_hash, campaign_id, occurred_at)
    values (p_report ->> 'messageId', case v_outcome when 'refused' then 'refused' else 'soft' end,
      private.hash_of_address(v_email), private.hash_of_address(split_part(v_email, '@', 2)), (p_report ->> 'campaignId')::uuid, v_at)
    on conflict (message_id) do nothing;
  end if;
  if v_outcome = 'soft_bounced' then
    v_at := private.too_many_bounces_at(v_email, (p_report ->> 'softLimit')::integer, (p_report ->> 'softDays')::integer);
    v_reason := case when v_at is not null then 'bounced' end;
  elsif v_outcome = 'removed' then
    perform private.lift_reported(v_email, array_remove(array['by_provider', nullif(p_report ->> 'reason', 'by_provider')], null), v_at, p_now);
  end if;
  if v_reason is not null then
    perform private.suppress(jsonb_build_array(jsonb_build_object('address', v_email, 'scope', 'all',
      'reason', v_reason, 'source', 'resend', 'note', p_report -> 'note', 'at', v_at)), p_now);
  end if;
end
$$;

create function public.purge_mail_bounces(p_before timestamptz, p_limit integer)
returns integer
language sql
set search_path = ''
as $$
  select private.delete_rows_before('public.mail_bounces', 'occurred_at', p_before, p_limit);
$$;

revoke execute on function private.too_many_bounces_at, private.lift_reported, private.apply_report_to_address,
  public.purge_mail_bounces from public, anon, authenticated;
grant execute on function private.too_many_bounces_at, private.lift_reported, private.apply_report_to_address,
  public.purge_mail_bounces to service_role;
