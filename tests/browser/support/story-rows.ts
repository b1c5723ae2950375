import pg from "pg";

/** Runs statements that no API offers. */
export async function withDatabase(
  databaseUrl: string,
  change: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await change(client);
  } finally {
    await client.end();
  }
}

/** Two open alerts. The monitor closes them at its next run, because what they say is not true. */
export async function raiseAlerts(client: pg.Client): Promise<void> {
  await client.query(`
    insert into public.alerts (rule, subject, severity, status, value, threshold, query, offenders, opened_at, seen_at)
    select rule, subject, severity, 'open', value, threshold, query, offenders, now() - age, now()
    from (values
      ('queue-depth', '', 1240, 1000, interval '25 minutes'),
      ('oldest-waiting', 'P2', 720, 300, interval '6 minutes')) as found (rule, subject, value, threshold, age)
    join private.alert_rules as rules using (rule)
    cross join lateral (
      select jsonb_agg(jsonb_build_object('id', id, 'kind', kind)) as offenders from
        (select id, kind from public.jobs order by created_at, id limit 3) as jobs) as worst
    on conflict do nothing`);
}

/** A slot of a schedule that did not run, and enough decisions of the flag for an advice. */
export async function fillTables(client: pg.Client): Promise<void> {
  await client.query(`
    insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, made_at)
    values ('cleanup-sessions', now() - interval '2 hours', to_char(now(), 'YYYY-MM-DD') || 'T02:00+00:00', 'skipped',
      'overlap: the earlier job has not ended', now() - interval '2 hours');
    insert into public.flag_decisions (environment, flag, subject, key, way, reason, job_id, decided_at)
    select (select environment from public.flags limit 1), 'async_newsletter', id::text, id::text,
      case when n % 3 = 0 then 'sync' else 'queue' end, 'percentage', id, now()
    from (select id, row_number() over (order by id) as n from public.jobs where status = 'completed'
      order by id limit 60) as ended;`);
}

/** Spreads the new jobs over the last hour: all times of a job move back by the same random duration. */
export async function spreadOverAnHour(client: pg.Client): Promise<void> {
  await client.query(`
      create temporary table moves as
        select id, (20 + 3400 * power(abs(hashtext(id::text)) % 1000 / 1000.0, 1.4)) * interval '1 second' as back
        from public.jobs where ended_at is not null and kind not in ('send-email-campaign', 'import');
      update public.jobs set created_at = created_at - back, ready_at = ready_at - back, due_at = due_at - back,
        released_at = released_at - back, sent_at = sent_at - back, started_at = started_at - back,
        ended_at = ended_at - back, updated_at = updated_at - back from moves where jobs.id = moves.id;
      update public.job_runs set started_at = started_at - back, ended_at = ended_at - back
        from moves where job_id = moves.id;
      update public.job_events set at = at - back from moves where job_id = moves.id;
      update public.image_tasks set created_at = created_at - back, started_at = started_at - back,
        ended_at = ended_at - back from moves where job_id = moves.id;`);
}
