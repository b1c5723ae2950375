-- Planning a campaign: its recipients are copied in the order of their ids, piece by piece, and cut into batches and
-- parts. Every piece is one transaction, so planning can stop and continue at any point. Locks are taken in this order:
-- the plan, the job, the campaign.

-- Copies the next p_piece recipients (or slightly fewer, so that only whole parts are planned), and adds them to the
-- plan. The plan's cursor: {"through": the last subscriber copied, "until": the last one on the list when planning
-- began, "batchSize", "partSize"}.
create function private.plan_campaign_piece(
  p_campaign public.campaigns, p_plan public.job_plans, p_cursor jsonb, p_piece integer, p_now timestamptz
)
returns public.job_plans
language plpgsql
set search_path = ''
as $$
declare
  v_batch_size integer := (p_cursor ->> 'batchSize')::integer;
  v_part_size integer := (p_cursor ->> 'partSize')::integer;
  v_limit integer := greatest(p_piece / v_part_size, 1) * v_part_size;
  v_first_batch_no integer := p_plan.total_count / v_batch_size;
  v_added bigint;
  v_through bigint;
  v_parts jsonb;
begin
  with audience as materialized (
    select id, email, fields, 1 + v_first_batch_no + ((row_number() over (order by id) - 1) / v_batch_size)::integer as batch_no
    from (
      select id, email, fields from public.email_subscribers
      where list_id = p_campaign.list_id and status = 'active'
        and id > (p_cursor ->> 'through')::bigint and id <= (p_cursor ->> 'until')::bigint
      order by id limit v_limit
    ) as piece
  ), sends as (
    insert into public.campaign_sends (campaign_id, subscriber_id, batch_no, email)
    select p_campaign.id, audience.id, batch_no, email from audience order by audience.id
  ), batches as (
    insert into public.campaign_batches
      (campaign_id, batch_no, part_no, first_subscriber_id, last_subscriber_id, recipient_count, recipients)
    select p_campaign.id, batch_no, 1 + (batch_no - 1) / (v_part_size / v_batch_size), min(id), max(id), count(*),
      json_agg(json_build_array(id, email, fields))
    from audience group by batch_no order by batch_no
    returning part_no, first_subscriber_id, last_subscriber_id, recipient_count
  ), parts as (
    select part_no, min(first_subscriber_id) as first, max(last_subscriber_id) as last, sum(recipient_count) as total
    from batches group by part_no
  )
  select coalesce(sum(total), 0), max(last),
    coalesce(jsonb_agg(jsonb_build_object('first', first, 'last', last, 'total', total) order by part_no), '[]')
  into v_added, v_through, v_parts from parts;

  update public.campaigns set recipient_count = recipient_count + v_added,
    status = case when v_added < v_limit then 'sending' else status end
  where id = p_campaign.id;
  return private.plan_parts(p_plan.job_id, jsonb_build_object('from', p_plan.cursor, 'parts', v_parts,
    'cursor', case when v_added = v_limit then p_cursor || jsonb_build_object('through', v_through) end,
    'result', jsonb_build_object('campaignId', p_campaign.id, 'success', true,
      'sent', 0, 'failed', 0, 'skipped', 0, 'unknown', 0)),
    p_now);
end
$$;

-- Plans one piece; call it again while it returns "planning". p_event_id identifies the calling job. A failed job
-- leaves its campaign and its plan to a later job; an unfinished job keeps them. p_imprint: see
-- src/campaigns/imprint.ts. Returns {"state": "planning" | "planned" | "completed" | "canceled" | "taken", "parts",
-- "recipients", "jobId"}.
create function public.plan_campaign(
  p_campaign_id uuid, p_event_id text, p_batch_size integer, p_part_size integer, p_piece integer, p_imprint jsonb,
  p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'send-email-campaign');
  v_campaign public.campaigns;
  v_plan public.job_plans;
  v_state text;
begin
  select * into v_campaign from public.campaigns where id = p_campaign_id;
  v_state := private.campaign_is_not_for(v_campaign, v_job_id);
  if v_state is not null then
    return jsonb_build_object('state', v_state, 'jobId', v_campaign.job_id);
  end if;
  v_plan := private.open_plan(v_job_id, v_campaign.plan_job_id, p_now);
  perform from public.jobs where id = v_job_id for no key update;
  v_campaign := private.lock_campaign(p_campaign_id, null);
  if private.campaign_is_not_for(v_campaign, v_job_id) is not null then
    -- A concurrent job has taken the campaign over, so the transaction is rolled back, and the caller tries again.
    raise exception 'The campaign has just changed hands' using errcode = 'serialization_failure';
  end if;

  update public.campaigns set
    status = case when v_plan.planned_at is null then 'queued' else 'sending' end,
    job_id = v_job_id, plan_job_id = v_job_id, ended_at = null, note = null, queued_at = coalesce(queued_at, p_now),
    imprint = coalesce(imprint, p_imprint)
  where id = p_campaign_id
    and (plan_job_id is distinct from v_job_id or job_id <> v_job_id or status not in ('queued', 'sending'));
  if v_plan.planned_at is null then
    v_plan := private.plan_campaign_piece(v_campaign, v_plan,
      coalesce(v_plan.cursor, private.begin_campaign_plan(v_campaign, p_batch_size, p_part_size)), p_piece, p_now);
  end if;
  return jsonb_build_object('state', case when v_plan.planned_at is null then 'planning' else 'planned' end,
    'parts', v_plan.part_count, 'recipients', v_plan.total_count, 'jobId', v_job_id);
end
$$;

-- The reason why this job must not send the campaign, in one word. Null: the job may send the campaign.
create function private.campaign_is_not_for(p_campaign public.campaigns, p_job_id uuid)
returns text
language plpgsql stable
set search_path = ''
as $$
begin
  if p_campaign.id is null then
    perform private.refuse(404, 'not_found', 'Campaign not found');
  elsif p_campaign.status in ('completed', 'canceled') then
    return p_campaign.status;
  elsif p_campaign.job_id is distinct from p_job_id
    and exists (select from public.jobs where id = p_campaign.job_id and ended_at is null)
  then
    return 'taken';
  elsif p_job_id is null then
    perform private.refuse(500, 'internal', 'The run has no job');
  end if;
  return null;
end
$$;

-- The cursor with which planning begins. A campaign with batches but without a plan is refused: the ledger has lost its
-- job, and sending the campaign again would mail people twice.
create function private.begin_campaign_plan(p_campaign public.campaigns, p_batch_size integer, p_part_size integer)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  if exists (select from public.campaign_batches where campaign_id = p_campaign.id) then
    perform private.refuse(409, 'conflict', 'The ledger of this campaign was cleared: it cannot be sent again');
  end if;
  return jsonb_build_object('through', 0, 'batchSize', p_batch_size,
    'partSize', greatest(p_part_size / p_batch_size, 1) * p_batch_size,
    'until', coalesce((select max(id) from public.email_subscribers where list_id = p_campaign.list_id), 0));
end
$$;

-- Called in an environment that may not send mail. A campaign that is not planned yet becomes a draft again, and the
-- result of its job has the reason.
create function public.hold_campaign(p_campaign_id uuid, p_event_id text, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'send-email-campaign');
begin
  perform from public.jobs where id = v_job_id for no key update;
  perform private.lock_campaign(p_campaign_id, null);
  update public.campaigns set status = 'draft', note = p_reason, job_id = null, queued_at = null, ended_at = null
  where id = p_campaign_id and status in ('draft', 'queued', 'failed')
    and not exists (select from public.campaign_batches where campaign_id = p_campaign_id);
  perform private.end_job(v_job_id, 'skipped', jsonb_build_object('campaignId', p_campaign_id, 'reason', p_reason),
    null, p_now);
end
$$;

revoke execute on function private.plan_campaign_piece, public.plan_campaign, private.campaign_is_not_for,
  private.begin_campaign_plan, public.hold_campaign from public, anon, authenticated;
grant execute on function private.plan_campaign_piece, public.plan_campaign, private.campaign_is_not_for,
  private.begin_campaign_plan, public.hold_campaign to service_role;
