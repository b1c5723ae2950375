-- Run by psql before the data of a backup (docs/disaster-recovery.md), in the same session and transaction. Empties all
-- tables, because the migrations insert rows that the backup has too. No trigger runs, and no reference is checked, for
-- the rest of the session.

set session_replication_role = replica;

do $$
begin
  execute (
    select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
    from pg_catalog.pg_tables where schemaname in ('public', 'private'));
end
$$;
