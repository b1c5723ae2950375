-- A token bucket limits the calls to a provider: it is full at first, a call takes tokens, and time refills it. Each
-- bucket is a row, so that all processes share the limit.

create table private.token_buckets (
  key text primary key,
  -- The number of tokens at the time filled_at. A number above the capacity counts as full. A negative number means
  -- that waiting callers were granted tokens in advance.
  tokens double precision not null default 'infinity',
  filled_at timestamptz not null,
  -- The provider accepts no calls before this time. Null, or a time in the past: the provider accepts calls.
  blocked_until timestamptz
) with (fillfactor = 50);

alter table private.token_buckets enable row level security;
grant select, insert, update, delete on private.token_buckets to service_role;

-- Takes tokens from every bucket in p_wants, or from none: [{"key", "capacity", "refillPerSecond", "take",
-- "patienceMs"?}]. A caller whose wait is not longer than its patience is granted its tokens in advance, and calls
-- after waitMs. Returns {"granted", "waitMs", "pausedMs"}; after a refusal, waitMs is how long it takes until all
-- tokens could be available. pausedMs is the share of waitMs that is a pause for which the provider asked.
create function public.take_tokens(p_wants jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_wait_ms bigint;
  v_paused_ms bigint;
  v_granted boolean;
begin
  if exists (select from jsonb_to_recordset(p_wants) as want (capacity float8, "refillPerSecond" float8, take float8)
    where (capacity > 0 and "refillPerSecond" > 0 and take between 0 and capacity) is not true) then
    perform private.refuse(500, 'configuration', 'A bucket must have a refill rate, and no call can take more than its capacity');
  end if;
  -- All callers lock in the same order, so that they cannot deadlock.
  insert into private.token_buckets (key, filled_at)
  select distinct key, p_now from jsonb_to_recordset(p_wants) as want (key text) order by key
  on conflict (key) do nothing;
  perform from private.token_buckets
  where key in (select key from jsonb_to_recordset(p_wants) as want (key text)) order by key for update;

  select coalesce(max(private.wait_for_tokens(bucket, capacity, "refillPerSecond", take, p_now)), 0),
    coalesce(max(ceil(1000 * extract(epoch from private.opens_at(bucket, p_now) - p_now))), 0)
  into v_wait_ms, v_paused_ms
  from jsonb_to_recordset(p_wants) as want (key text, capacity float8, "refillPerSecond" float8, take float8)
  join private.token_buckets as bucket using (key);
  v_granted := v_wait_ms <= (select coalesce(min(coalesce("patienceMs", 0)), 0)
    from jsonb_to_recordset(p_wants) as want ("patienceMs" integer));
  if v_granted then
    update private.token_buckets as bucket set
      tokens = private.tokens_at(bucket, capacity, "refillPerSecond", private.opens_at(bucket, p_now)) - take,
      filled_at = greatest(filled_at, private.opens_at(bucket, p_now))
    from jsonb_to_recordset(p_wants) as want (key text, capacity float8, "refillPerSecond" float8, take float8)
    where bucket.key = want.key;
  end if;
  return jsonb_build_object('granted', v_granted, 'waitMs', v_wait_ms, 'pausedMs', v_paused_ms);
end
$$;

-- The time from which the bucket gives tokens again.
create function private.opens_at(p_bucket private.token_buckets, p_now timestamptz)
returns timestamptz
language sql immutable
set search_path = ''
as $$
  select greatest(p_now, p_bucket.blocked_until);
$$;

-- How many tokens the bucket has. When the clock of the process is behind the time of the bucket, no time counts as
-- passed, so that the time of the bucket never goes back.
create function private.tokens_at(
  p_bucket private.token_buckets, p_capacity float8, p_refill float8, p_moment timestamptz
)
returns float8
language sql immutable
set search_path = ''
as $$
  select least(p_capacity,
    p_bucket.tokens + p_refill * greatest(0, extract(epoch from p_moment - p_bucket.filled_at)::float8));
$$;

create function private.wait_for_tokens(
  p_bucket private.token_buckets, p_capacity float8, p_refill float8, p_take float8, p_now timestamptz
)
returns bigint
language plpgsql immutable
set search_path = ''
as $$
declare
  v_opens_at timestamptz := private.opens_at(p_bucket, p_now);
  -- The comparison has a small tolerance, because floating-point sums are not exact.
  v_missing float8 := p_take - private.tokens_at(p_bucket, p_capacity, p_refill, v_opens_at) - 1e-9;
begin
  return ceil(1000 * (extract(epoch from v_opens_at - p_now)::float8 + case when v_missing <= 0 then 0 else
    v_missing / p_refill + extract(epoch from greatest(p_bucket.filled_at, v_opens_at) - v_opens_at)::float8 end));
end
$$;

-- Records the provider's own limit: how many calls it still allows, and that none may be made before p_blocked_until.
create function public.learn_tokens(
  p_key text, p_remaining double precision, p_blocked_until timestamptz, p_now timestamptz
)
returns void
language sql
set search_path = ''
as $$
  insert into private.token_buckets as bucket (key, tokens, filled_at, blocked_until)
  values (p_key, coalesce(p_remaining, 'infinity'), p_now, p_blocked_until)
  on conflict (key) do update set
    tokens = least(bucket.tokens, excluded.tokens),
    blocked_until = greatest(bucket.blocked_until, excluded.blocked_until);
$$;

revoke execute on function private.opens_at, private.tokens_at, private.wait_for_tokens from public, anon, authenticated;
revoke execute on function public.take_tokens, public.learn_tokens from public, anon, authenticated;
grant execute on function private.opens_at, private.tokens_at, private.wait_for_tokens to service_role;
grant execute on function public.take_tokens, public.learn_tokens to service_role;
