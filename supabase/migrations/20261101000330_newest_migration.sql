-- Lets the application check whether the database has all migrations. Only the database's owner may read the list of
-- migrations, so the function runs with the rights of its definer. The function shows only the newest version.
create function public.newest_migration()
returns text
language sql stable security definer
set search_path = ''
as $$
  select max(version) from supabase_migrations.schema_migrations;
$$;

revoke execute on function public.newest_migration from public, anon, authenticated;
grant execute on function public.newest_migration to service_role;
