-- An order is what a customer pays for. A payment is one attempt of the provider to collect money (a PaymentIntent of
-- Stripe). A subscription is a payment that repeats. The provider's webhooks come in any order, so each row stores what
-- decides whether another state is newer than its own.

create table public.orders (
  -- The application's id of the order. The provider gets this id as metadata.orderId.
  id text primary key,
  owner text not null,
  status text not null default 'pending',
  amount_cents bigint not null,
  currency text not null,
  -- The address that gets the mail "Payment received!".
  email text,
  -- The key of the first request for this order's payment. Every run for this order uses it, even when its own request
  -- had another key.
  payment_key text,
  -- The number in the newest idempotency key for the provider (private.payment_call_of); it begins at 1. And the time
  -- when a run first got this key; null before that.
  payment_key_number integer not null default 1,
  payment_asked_at timestamptz,
  payment_id text,
  paid_at timestamptz,
  -- When the mail "Payment received!" was made.
  receipt_made_at timestamptz,
  -- The job that was accepted or began to run last to make the order's payment. Null when only webhooks have named the
  -- order.
  job_id uuid,
  created_at timestamptz not null,
  constraint orders_of_one_owner_have_different_payment_keys unique (owner, payment_key),
  constraint orders_status_is_valid check (status in ('pending', 'paid', 'refunded')),
  constraint orders_amount_is_valid check (amount_cents between 1 and 99999999),
  constraint orders_currency_is_valid check (currency ~ '^[a-z]{3}$')
);

create index orders_by_time on public.orders (created_at desc, id desc);
create index orders_by_status on public.orders (status, created_at desc, id desc);
create index orders_by_owner on public.orders (owner, created_at desc, id desc);
create index orders_by_owner_and_status on public.orders (owner, status, created_at desc, id desc);

create table public.payments (
  -- The provider's id: pi_….
  id text primary key,
  order_id text,
  -- The address for the order's receipt. The order may not exist yet when a webhook names the address.
  email text,
  amount_cents bigint not null default 0,
  currency text not null default 'usd',
  -- The provider's own status: succeeded, requires_payment_method, ….
  status text not null default 'unknown',
  failure_code text,
  refunded_cents bigint not null default 0,
  -- The facts that decide whether another state is newer: see private.is_newer_state.
  state jsonb not null default '{}',
  -- When we first heard of the payment.
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint payments_amounts_are_valid check (amount_cents >= 0 and refunded_cents >= 0)
);
create index payments_by_order on public.payments (order_id);
create index payments_by_time on public.payments (created_at desc, id desc);
create index payments_by_status on public.payments (status, created_at desc, id desc);

create table public.subscriptions (
  id text primary key,
  customer_id text,
  status text not null default 'unknown',
  price_id text,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  state jsonb not null default '{}',
  updated_at timestamptz not null
);

-- Events for analytics: ids only, and each kind of event once per subject.
create table public.analytics_events (
  id bigint generated always as identity primary key,
  name text not null,
  subject text not null,
  at timestamptz not null,
  constraint analytics_events_are_recorded_once unique (name, subject)
);

alter table public.orders enable row level security;
alter table public.payments enable row level security;
alter table public.subscriptions enable row level security;
alter table public.analytics_events enable row level security;
revoke all on public.orders, public.payments, public.subscriptions, public.analytics_events from anon, authenticated;
grant select on public.orders to authenticated;
grant select, insert, update, delete on public.orders, public.payments, public.subscriptions, public.analytics_events
  to service_role;
create policy orders_are_read_by_their_owner_and_admins on public.orders for select to authenticated using (
  owner = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

create function private.payment_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, 'order ' || (event_data ->> 'orderId') from unnest(p_jobs);
$$;
revoke execute on function private.payment_subjects from public, anon, authenticated;
grant execute on function private.payment_subjects to service_role;

select private.register_work_kind('{"function_id": "process-payment", "event_name": "payment/process",
  "kind": "payment", "priority": 1,
  "subjects": "private.payment_subjects",
  "summary": "Charges one order"}');
select private.register_erasable('public.orders', 'id', '{email}');
select private.register_erasable('public.payments', 'id', '{email}');

-- Whether a state replaces the stored one. State that was read from the provider has the sequence of the newest webhook
-- that had arrived before the reading, so it replaces state that was read earlier. State from the body of a webhook is
-- {"isFinal", "at", "rank"}: another state never replaces a final one. Otherwise the later state is newer. Of two
-- states of one second (the provider's clock has no fractions), the state with the higher rank is newer.
create function private.is_newer_state(p_new jsonb, p_old jsonb)
returns boolean
language sql immutable
set search_path = ''
as $$
  select case
    when p_old = '{}' then true
    when p_new ? 'sequence' and p_old ? 'sequence' then
      (p_new ->> 'sequence')::bigint >= (p_old ->> 'sequence')::bigint
    when p_new ? 'sequence' then true
    when p_old ? 'sequence' then false
    else row ((p_new ->> 'isFinal')::boolean, (p_new ->> 'at')::timestamptz, (p_new ->> 'rank')::integer)
      >= row ((p_old ->> 'isFinal')::boolean, (p_old ->> 'at')::timestamptz, (p_old ->> 'rank')::integer)
  end;
$$;

-- Makes the mail "Payment received!" of an order once, in the transaction that first finds the order paid and its
-- address known.
create function private.send_receipt_of(p_order public.orders, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_order.status = 'pending' or p_order.email is null or p_order.receipt_made_at is not null then
    return;
  end if;
  update public.orders set receipt_made_at = p_now where id = p_order.id;
  perform private.send_mail(jsonb_build_object('key', 'receipt:' || p_order.id, 'template', 'payment-receipt',
    'to', p_order.email, 'owner', p_order.owner, 'fields', jsonb_build_object(
      'order', p_order.id, 'amountCents', p_order.amount_cents, 'currency', p_order.currency)), p_now);
end
$$;

-- Applies a payment to its order. An unknown order is created from its payment. A payment below the order's amount, or
-- in another currency, does not pay the order.
create function private.apply_payment_to_order(p_payment public.payments, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_order public.orders;
begin
  insert into public.orders (id, owner, amount_cents, currency, created_at)
  select p_payment.order_id, 'webhooks', p_payment.amount_cents, p_payment.currency, p_now
  where p_payment.status = 'succeeded' and p_payment.amount_cents between 1 and 99999999
  on conflict (id) do nothing;
  select * into v_order from public.orders where id = p_payment.order_id for update;
  if p_payment.status = 'succeeded' and v_order.status = 'pending'
    and p_payment.amount_cents >= v_order.amount_cents and p_payment.currency = v_order.currency
  then
    update public.orders set status = 'paid', payment_id = p_payment.id, paid_at = p_now where id = v_order.id;
    insert into public.analytics_events (name, subject, at) values ('payment_success', v_order.id, p_now)
    on conflict do nothing;
    perform private.publish_fact('payment.succeeded', v_order.owner, v_order.id, jsonb_build_object('orderId', v_order.id,
      'paymentId', p_payment.id, 'amountCents', p_payment.amount_cents, 'currency', p_payment.currency), p_now);
  end if;
  update public.orders set
    email = coalesce(email, p_payment.email),
    status = case when status = 'paid' and payment_id = p_payment.id
      and p_payment.refunded_cents >= p_payment.amount_cents then 'refunded' else status end
  where id = v_order.id
  returning * into v_order;
  perform private.send_receipt_of(v_order, p_now);
end
$$;

-- Stores the state of a payment that the provider sent, and applies it to its order. Calls may be repeated, and may
-- come in any order. p_payment: {"id", "state", "status", "amountCents", "currency", "failureCode"?, "orderId"?,
-- "email"?, "refundedCents"?}; without a status only the other facts are added. Returns whether the given state was
-- newer.
create function public.apply_payment(p_payment jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_payment public.payments;
  v_is_newer boolean;
begin
  insert into public.payments (id, created_at, updated_at) values (p_payment ->> 'id', p_now, p_now) on conflict (id) do nothing;
  select * into v_payment from public.payments where id = p_payment ->> 'id' for update;
  v_is_newer := p_payment ->> 'status' is not null and private.is_newer_state(p_payment -> 'state', v_payment.state);
  update public.payments set
    order_id = coalesce(order_id, p_payment ->> 'orderId'),
    email = coalesce(email, p_payment ->> 'email'),
    -- The refunded amount only grows.
    refunded_cents = greatest(refunded_cents, coalesce((p_payment ->> 'refundedCents')::bigint, 0)),
    amount_cents = case when v_is_newer then (p_payment ->> 'amountCents')::bigint else amount_cents end,
    currency = case when v_is_newer then p_payment ->> 'currency' else currency end,
    status = case when v_is_newer then p_payment ->> 'status' else status end,
    failure_code = case when v_is_newer then p_payment ->> 'failureCode' else failure_code end,
    state = case when v_is_newer then p_payment -> 'state' else state end,
    updated_at = p_now
  where id = v_payment.id
  returning * into v_payment;
  if v_payment.order_id is not null then
    perform private.apply_payment_to_order(v_payment, p_now);
  end if;
  return v_is_newer;
end
$$;

-- p_subscription: {"id", "state", "status", "customerId", "priceId", "currentPeriodEnd", "cancelAtPeriodEnd"}.
create function public.apply_subscription(p_subscription jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  insert into public.subscriptions (id, updated_at) values (p_subscription ->> 'id', p_now) on conflict (id) do nothing;
  update public.subscriptions set
    customer_id = p_subscription ->> 'customerId', status = p_subscription ->> 'status',
    price_id = p_subscription ->> 'priceId',
    current_period_end = (p_subscription ->> 'currentPeriodEnd')::timestamptz,
    cancel_at_period_end = (p_subscription ->> 'cancelAtPeriodEnd')::boolean,
    state = p_subscription -> 'state', updated_at = p_now
  where id = p_subscription ->> 'id' and private.is_newer_state(p_subscription -> 'state', state);
  return found;
end
$$;

-- Finds the order of a requested payment, and inserts the order at the first request.
create function private.open_order(p_payment jsonb, p_owner text, p_now timestamptz)
returns public.orders
language plpgsql
set search_path = ''
as $$
declare
  v_order public.orders;
begin
  insert into public.orders (id, owner, amount_cents, currency, email, created_at)
  values (p_payment ->> 'orderId', p_owner, (p_payment ->> 'amountCents')::bigint, 'usd', p_payment ->> 'email', p_now)
  on conflict (id) do nothing;
  select * into v_order from public.orders where id = p_payment ->> 'orderId' for update;
  return v_order;
end
$$;

-- Refuses a requested payment when its order has another amount.
create function private.check_order_amount(p_order public.orders, p_payment jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_order.amount_cents <> (p_payment ->> 'amountCents')::bigint or p_order.currency <> 'usd' then
    perform private.refuse(409, 'conflict', 'This order has another amount');
  end if;
end
$$;

-- Accepts the job and its order in one transaction. A new request's job becomes the order's job; a repeated request gets
-- the job of the first one, and leaves the order's job as it is. A request with an address gives it to an order that has
-- none; a paid order then gets its receipt. The owner is checked before the amount, so that no other owner learns the amount.
create function public.accept_payment(p_payment jsonb, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs := private.accept_job(p_request, p_now);
  v_order public.orders := private.open_order(p_payment, p_request ->> 'owner', p_now);
begin
  if v_order.owner <> p_request ->> 'owner' then
    perform private.refuse(409, 'conflict', case v_order.owner
      when 'webhooks' then
        'A webhook has made this order before it was requested here, so its payment cannot be requested'
      else 'This order belongs to another owner' end);
  end if;
  perform private.check_order_amount(v_order, p_payment);
  update public.orders set
    email = coalesce(email, p_payment ->> 'email'),
    job_id = case when v_job.id = (p_request ->> 'id')::uuid then v_job.id else job_id end
  where id = v_order.id
  returning * into v_order;
  perform private.send_receipt_of(v_order, p_now);
  return v_job;
end
$$;

-- What a run needs for its call to the provider: {"paymentId": null while the order has no payment, "key", "askedAt"}.
-- The provider has one account for all owners, so the key contains the order: two owners may choose the same key. An
-- order's id contains no slash, so no two orders have the same key.
create function private.payment_call_of(p_order public.orders)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('paymentId', p_order.payment_id, 'askedAt', p_order.payment_asked_at,
    'key', format('%s/%s/%s', p_order.id, p_order.payment_key_number, p_order.payment_key));
$$;

-- Reserves the order for one key, and names the job of the event as the order's job: a job that reprocesses another is
-- not accepted by accept_payment. p_payment: {"orderId", "amountCents", "key", "eventId"}. Returns what
-- payment_call_of returns.
create function public.begin_payment(p_payment jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_order public.orders := private.open_order(p_payment, 'payments', p_now);
begin
  perform private.check_order_amount(v_order, p_payment);
  if v_order.payment_id is null and v_order.payment_key is null then
    if exists (select from public.orders where owner = v_order.owner and payment_key = p_payment ->> 'key') then
      perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another order');
    end if;
    update public.orders set payment_key = p_payment ->> 'key', payment_asked_at = p_now
    where id = v_order.id returning * into v_order;
  end if;
  -- A job of an event that app code sent has no owner, so the owner of an order that was requested could not read it.
  update public.orders set job_id = jobs.id
  from public.jobs
  where orders.id = v_order.id and jobs.id = private.find_job(p_payment ->> 'eventId', 'process-payment')
    and (jobs.owner = v_order.owner or orders.job_id is null or v_order.owner = 'payments');
  return private.payment_call_of(v_order);
end
$$;

-- Called when the provider's search found no payment of the order. Gives the order another key if it has no payment and
-- its newest key is from before p_forgotten_before, so that the provider has forgotten that key. Otherwise changes
-- nothing. Returns what payment_call_of returns.
create function public.renew_payment_key(p_order_id text, p_forgotten_before timestamptz, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_order public.orders;
begin
  update public.orders set payment_key_number = payment_key_number + 1, payment_asked_at = p_now
  where id = p_order_id and payment_id is null and payment_asked_at < p_forgotten_before;
  select * into v_order from public.orders where id = p_order_id;
  return private.payment_call_of(v_order);
end
$$;

-- Stores the payment that the provider has made, and returns the id of the order's payment.
create function public.settle_payment(p_payment jsonb, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_payment_id text;
begin
  perform public.apply_payment(p_payment, p_now);
  update public.orders set payment_id = coalesce(payment_id, p_payment ->> 'id') where id = p_payment ->> 'orderId'
  returning payment_id into v_payment_id;
  return v_payment_id;
end
$$;

select private.register_export('{"name": "orders", "from_sql": "public.orders as t", "status_sql": "t.status",
  "order_sql": "t.id", "columns": [["Order", "t.id"], ["Status", "t.status"],
  ["Amount", "(t.amount_cents / 100.0)::numeric(20, 2)"], ["Currency", "t.currency"], ["E-mail", "t.email"],
  ["Created", "t.created_at"], ["Paid", "t.paid_at"]]}');

revoke execute on function private.is_newer_state, private.send_receipt_of, private.apply_payment_to_order,
  private.open_order, private.check_order_amount, private.payment_call_of, public.apply_payment,
  public.apply_subscription, public.accept_payment, public.begin_payment, public.renew_payment_key,
  public.settle_payment from public, anon, authenticated;
grant execute on function private.is_newer_state, private.send_receipt_of, private.apply_payment_to_order,
  private.open_order, private.check_order_amount, private.payment_call_of, public.apply_payment,
  public.apply_subscription, public.accept_payment, public.begin_payment, public.renew_payment_key,
  public.settle_payment to service_role;
