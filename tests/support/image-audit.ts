import { z } from "zod";

type Rows = (sql: string, ...values: unknown[]) => Promise<unknown[]>;

/**
 * Records each change of a task's status by a trigger: the wall clock, and at a start the concurrency of the lane at
 * that time and how many tasks of the same priority were before it in the order of turns.
 */
export async function auditImageTasks(rows: Rows): Promise<void> {
  await rows(`
    create table image_audit (
      id bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(),
      task_id uuid, lane text, sequence bigint, priority integer, owner text, status text, places bigint, passed bigint
    )`);
  await rows(`
    create function audit_image_task() returns trigger language plpgsql security definer as $$
    begin
      insert into public.image_audit (task_id, lane, sequence, priority, owner, status, passed, places)
      select new.id, new.lane, new.sequence, new.priority, coalesce(new.owner, ''), new.status,
        (select count(*) from public.image_tasks
         where lane = new.lane and priority = new.priority and status = 'pending'
           and (round, sequence) < (new.round, new.sequence)),
        case when new.status = 'processing' and old.status = 'pending' then (
          select count(*) from public.image_tasks
          where lane = new.lane and (status in ('processing', 'waiting') or drawing_until > new.started_at)) end;
      return null;
    end $$`);
  await rows(`
    create trigger zz_audit after update on image_tasks for each row
    when (new.status is distinct from old.status) execute function audit_image_task()`);
}

const start = z.object({
  lane: z.string(),
  priority: z.number(),
  sequence: z.coerce.number(),
  owner: z.string(),
  passed: z.coerce.number(),
  places: z.coerce.number(),
});

/**
 * The audit's result: starts out of order within their lane and priority (before a task that was due first, or past an
 * earlier one of the same owner), and the highest concurrency.
 */
export async function judgeStarts(rows: Rows) {
  const starts = start
    .array()
    .parse(await rows("select * from image_audit where places is not null order by id"));
  const last = new Map<string, number>();
  const most = new Map<string, number>();
  let outOfOrder = 0;
  for (const { lane, priority, sequence, owner, passed, places } of starts) {
    const line = `${lane} ${priority} ${owner}`;
    if (passed > 0 || sequence < (last.get(line) ?? 0)) outOfOrder++;
    last.set(line, sequence);
    most.set(lane, Math.max(most.get(lane) ?? 0, places));
  }
  return { starts: starts.length, outOfOrder, most: Object.fromEntries(most) };
}
