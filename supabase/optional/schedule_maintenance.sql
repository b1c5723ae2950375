-- Optional, for a project with pg_cron: Postgres itself calls the maintenance every five minutes. The call never runs
-- at the same time as housekeeping's call. Running this file again changes nothing.

create extension if not exists pg_cron;

select cron.schedule('nightshift-maintenance', '*/5 * * * *', $$select public.run_maintenance(1000, now())$$);
