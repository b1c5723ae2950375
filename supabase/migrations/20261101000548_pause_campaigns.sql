-- A person pauses a campaign and resumes it. The parts of the campaign stay as they are: a pause ends their runs
-- between two batches. To resume, a job sends an event for each part that is not done.

-- The job is locked before the campaign, as in planning. A repeated pause changes nothing.
create function public.pause_campaign(p_campaign_id uuid, p_owner text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- The campaign's newest job, whose parts send the campaign. Until this job takes over the plan, the plan belongs to an
  -- earlier job that has failed. Null for a draft.
  v_job_id uuid := (private.find_campaign(p_campaign_id, p_owner)).job_id;
  v_campaign public.campaigns;
begin
  perform private.pause_job(v_job_id, p_now);
  v_campaign := private.lock_campaign(p_campaign_id, p_owner);
  if v_campaign.status not in ('queued', 'sending') then
    perform private.refuse(409, 'conflict',
      format('The campaign is %s: only one that is being sent can be paused', v_campaign.status));
  end if;
end
$$;

-- Accepts the job that sends the events of the parts. It belongs to the campaign's owner. A repeated request returns the
-- same job.
create function public.accept_campaign_resume(p_campaign_id uuid, p_owner text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.find_campaign(p_campaign_id, p_owner);
  v_job public.jobs := private.accept_job(p_request || jsonb_build_object('owner', v_campaign.owner), p_now);
begin
  if v_job.id <> (p_request ->> 'id')::uuid then
    return v_job;
  end if;
  perform from public.jobs where id = v_campaign.job_id for no key update;
  if not private.job_is_paused(v_campaign.job_id) then
    perform private.refuse(409, 'conflict', 'The campaign is not paused');
  end if;
  perform private.unpause_job(v_campaign.job_id, p_now);
  return v_job;
end
$$;

-- The parts that a run must work on. Dead parts are left out, because they wait for an administrator. {"jobId",
-- "parts": [number]}
create function public.open_campaign_parts(p_campaign_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('jobId', campaign.job_id, 'parts', (
    select coalesce(jsonb_agg(part_no order by part_no), '[]') from public.job_parts
    where job_id = campaign.job_id and status in ('pending', 'claimed')))
  from public.campaigns as campaign where id = p_campaign_id;
$$;

select private.register_work_kind('{"function_id": "resume-email-campaign", "event_name": "email/resume.campaign",
  "summary": "Sends the parts of a paused campaign again", "subjects": "private.campaign_subjects"}');

revoke execute on function public.pause_campaign, public.accept_campaign_resume, public.open_campaign_parts
  from public, anon, authenticated;
grant execute on function public.pause_campaign, public.accept_campaign_resume, public.open_campaign_parts
  to service_role;
