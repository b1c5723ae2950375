-- The one row that stores which project is production. A restored copy contains the row too but has another address, so
-- the application recognizes the copy before it sends mail.

create table private.installation (
  is_the_only_row boolean primary key default true,
  production_url text not null,
  since timestamptz not null,
  constraint installation_is_one_row check (is_the_only_row)
);
alter table private.installation enable row level security;
grant select, insert, update on private.installation to service_role;

-- Returns the address of production; null when none is stored. Stores this address when p_is_production is true and no
-- address is stored yet.
create function public.production_url(p_supabase_url text, p_is_production boolean, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
begin
  if p_is_production then
    insert into private.installation (production_url, since) values (p_supabase_url, p_now)
    on conflict (is_the_only_row) do nothing;
  end if;
  return (select installation.production_url from private.installation);
end
$$;

-- An operator calls this when production has moved to another project.
create function public.move_production(p_supabase_url text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into private.installation (production_url, since) values (p_supabase_url, p_now)
  on conflict (is_the_only_row) do update set production_url = excluded.production_url, since = excluded.since;
$$;

revoke execute on function public.production_url, public.move_production from public, anon, authenticated;
grant execute on function public.production_url, public.move_production to service_role;
