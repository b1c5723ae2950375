-- Lets the application see whether the database has all it needs. The list of migrations belongs to the owner of
-- the database, hence the definer's rights; it gives away nothing but one version.
create function public.newest_migration()
returns text
language sql stable security definer
set search_path = ''
as $$
  select max(version) from supabase_migrations.schema_migrations;
$$;

revoke execute on function public.newest_migration from public, anon, authenticated;
grant execute on function public.newest_migration to service_role;
