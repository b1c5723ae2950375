import type { BenchStack } from "./campaign-stack.ts";

/**
 * Inserts jobs: 1 % are queued, about 0.1 % are running, and the others have ended, spread evenly over the last day. The
 * jobs have 20 kinds and functions, 50 requesters and 1,000 owners. One in 10,000 is of the kind "rare"; all of these are in the first half of that day.
 * One in 1,000 is a child of the oldest job.
 */
export async function insertManyJobs({ sql }: BenchStack, jobs: number): Promise<void> {
  await sql.query(
    `insert into jobs (id, kind, function_id, event_id, event_name, status, requester, owner, parent_job_id, error, priority,
       created_at, ready_at, due_at, released_at, sent_at, started_at, ended_at, updated_at)
     select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, kind, kind, gen_random_uuid()::text, 'bench/work',
       status, 'key:bench-' || n % 50, 'owner-' || n % 1000,
       case when n % 1000 = 7 then ('00000000-0000-4000-8000-' || lpad(to_hex($1), 12, '0'))::uuid end,
       case when status = 'failed' then jsonb_build_object('code', 'provider_unavailable', 'message', 'Mail ' || n || ' refused') end,
       1 + n % 5, at, at, at + interval '1 minute', at, at,
       case when status <> 'queued' then at + n % 90 * interval '1 second' end,
       case when status not in ('queued', 'running') then at + interval '2 minutes' end, at
     from generate_series(1, $1::integer) as n
     cross join lateral (select now() - interval '2 minutes' - n::float8 / $1 * interval '1 day' as at,
       case when n > $1 / 2 and n % 5000 = 3 then 'rare' else 'work-' || n % 20 end as kind,
       case when n % 100 = 0 then 'queued' when n % 1000 = 1 then 'running' when n % 50 = 2 then 'failed'
         when n % 500 = 3 then 'canceled' when n % 500 = 4 then 'skipped' else 'completed' end as status) as made`,
    [jobs],
  );
  await sql.query("vacuum analyze jobs");
}
