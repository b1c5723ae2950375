-- Optional, for a project with pg_cron: Postgres itself calls the maintenance every five minutes, each task in a job of
-- its own, so that a slow task does not stop the others. The call of a task never runs at the same time as housekeeping's
-- call. Running this file again adds the tasks of a later release, and changes nothing else.

create extension if not exists pg_cron;

select cron.schedule('nightshift-' || name, '*/5 * * * *',
  format('select public.run_maintenance(%L, 1000, now())', name))
from private.maintenance_tasks;
