-- Orders and payments as the page lists them, newest first. A filter of null matches every row.

-- Postgres makes a custom plan for every call, so that each filter uses its own index. p_owner null is an
-- administrator.
create function public.list_orders(
  p_owner text, p_status text, p_before_at timestamptz, p_before_id text, p_limit integer
)
returns setof jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select jsonb_build_object('id', page.id, 'status', page.status, 'amount_cents', page.amount_cents,
    'currency', page.currency, 'created_at', page.created_at, 'paid_at', page.paid_at, 'payment_id', page.payment_id,
    'payment_status', payment.status, 'job_id', jobs.id)
  from (
    select * from public.orders
    where (p_owner is null or owner = p_owner) and (p_status is null or status = p_status)
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc limit p_limit) as page
  left join public.payments as payment on payment.id = page.payment_id
  left join public.jobs on jobs.id = page.job_id
  order by page.created_at desc, page.id desc;
end
$$;

create function public.list_payments(p_status text, p_before_at timestamptz, p_before_id text, p_limit integer)
returns setof jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select jsonb_build_object('id', page.id, 'status', page.status, 'amount_cents', page.amount_cents,
    'refunded_cents', page.refunded_cents, 'currency', page.currency, 'failure_code', page.failure_code,
    'created_at', page.created_at, 'updated_at', page.updated_at, 'order_id', page.order_id,
    'order_status', orders.status, 'job_id', jobs.id)
  from (
    select * from public.payments
    where (p_status is null or status = p_status)
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc limit p_limit) as page
  left join public.orders on orders.id = page.order_id
  left join public.jobs on jobs.id = orders.job_id
  order by page.created_at desc, page.id desc;
end
$$;

revoke execute on function public.list_orders, public.list_payments from public, anon, authenticated;
grant execute on function public.list_orders, public.list_payments to service_role;
