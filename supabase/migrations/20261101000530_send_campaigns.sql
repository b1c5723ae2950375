-- Sending a campaign: a run that has claimed a part takes some of its batches just before it calls the provider, and
-- settles them with the provider's answers. Locks are taken in this order: the part, its batches, and the rows that a
-- settle locks. A statement of its own reads each batch by its key: a join over many batches kept a query plan from the
-- time when the tables were small, and took 340 ms instead of 20 ms.

-- The recipients of a batch who still get the mail, with their data at the time of planning.
create function private.open_recipients(p_batch public.campaign_batches)
returns json
language sql stable
set search_path = ''
as $$
  select case when p_batch.sent_count + p_batch.failed_count + p_batch.skipped_count + p_batch.unknown_count = 0
    then p_batch.recipients else (
    select coalesce(json_agg(recipient), '[]') from json_array_elements(p_batch.recipients) as recipient
    where exists (select from public.campaign_sends where campaign_id = p_batch.campaign_id
      and subscriber_id = (recipient ->> 0)::bigint and status = 'pending')) end;
$$;

-- In a batch that was never sent to the provider, skips the recipients who have left the list or are suppressed, and
-- stores the reason. Returns how many were skipped.
create function private.skip_suppressed(p_list_id uuid, p_batch public.campaign_batches)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ids bigint[];
  v_emails text[];
  v_gone jsonb;
  v_count integer := 0;
begin
  if p_batch.first_sending_at is not null then
    return 0;
  end if;
  select array_agg(subscriber_id order by subscriber_id), array_agg(email order by subscriber_id) into v_ids, v_emails
  from public.campaign_sends
  where campaign_id = p_batch.campaign_id and status = 'pending'
    and subscriber_id between p_batch.first_subscriber_id and p_batch.last_subscriber_id;
  select jsonb_object_agg(id, gone.reason) into v_gone from (
    select id, case status when 'erased' then 'deleted' else status end as reason from public.email_subscribers
    where list_id = p_list_id and status <> 'active'
      and id between p_batch.first_subscriber_id and p_batch.last_subscriber_id
    union all
    select v_ids[email_no], found.reason from private.suppressed_among(
      v_emails, array_fill(p_list_id, array[cardinality(v_emails)]), 'broadcast') as found
  ) as gone;
  if v_gone is not null then
    update public.campaign_sends set status = 'skipped', error_code = v_gone ->> subscriber_id::text
    where campaign_id = p_batch.campaign_id and status = 'pending' and v_gone ? subscriber_id::text
      and subscriber_id between p_batch.first_subscriber_id and p_batch.last_subscriber_id;
    get diagnostics v_count = row_count;
  end if;
  return v_count;
end
$$;

-- Records the outcomes of batches once; a repeated call changes nothing. p_outcomes: see settle_campaign_batches.
-- Without "rest", a recipient that p_outcomes does not name stays pending, and a constraint of the batch then refuses
-- the update. Returns the counts that were added. p_provider: only batches that this provider was asked to send; null:
-- batches of any provider.
create function private.write_campaign_outcomes(p_campaign_id uuid, p_provider text, p_outcomes jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_outcome record;
  v_batch public.campaign_batches;
  v_moved jsonb;
  v_counts jsonb := '{}';
begin
  for v_outcome in
    select * from jsonb_to_recordset(p_outcomes)
      as outcome ("batchNo" integer, sent jsonb, failed jsonb, rest text)
    order by "batchNo"
  loop
    select * into v_batch from public.campaign_batches
    where campaign_id = p_campaign_id and batch_no = v_outcome."batchNo" and status = 'sending'
      and (p_provider is null or provider = p_provider) for no key update;
    if v_batch.campaign_id is null then
      continue;
    end if;
    with moved as (
      update public.campaign_sends set
        status = case when v_outcome.sent ? subscriber_id::text then 'sent'
          when coalesce(v_outcome.failed -> subscriber_id::text ->> 0, 'outcome_unknown') = 'outcome_unknown' then 'unknown'
          else 'failed' end,
        provider_message_id = v_outcome.sent ->> subscriber_id::text,
        error_code = case when v_outcome.sent ? subscriber_id::text then null
          else coalesce(v_outcome.failed -> subscriber_id::text ->> 0, v_outcome.rest) end,
        note = v_outcome.failed -> subscriber_id::text ->> 1
      where campaign_id = p_campaign_id and status = 'pending'
        and subscriber_id between v_batch.first_subscriber_id and v_batch.last_subscriber_id
        and (v_outcome.sent ? subscriber_id::text or v_outcome.failed ? subscriber_id::text
          or v_outcome.rest <> 'open')
      returning status
    )
    select coalesce(jsonb_object_agg(status, count), '{}') into v_moved
    from (select status, count(*) from moved group by status) as counted;
    update public.campaign_batches set
      status = case when v_outcome.rest = 'open' then 'pending' when v_moved ? 'unknown' or unknown_count > 0 then 'unknown' else 'done' end,
      first_sending_at = case when v_outcome.rest = 'open' then null else first_sending_at end,
      sent_count = sent_count + coalesce((v_moved ->> 'sent')::integer, 0),
      failed_count = failed_count + coalesce((v_moved ->> 'failed')::integer, 0),
      unknown_count = unknown_count + coalesce((v_moved ->> 'unknown')::integer, 0)
    where campaign_id = p_campaign_id and batch_no = v_batch.batch_no;
    v_counts := private.add_counts(v_counts, v_moved);
    -- Recipients that were skipped when the batch was taken are counted once, when the batch gets its final outcomes.
    continue when v_outcome.rest = 'open';
    v_counts := private.add_counts(v_counts, jsonb_build_object('skipped', v_batch.skipped_count));
  end loop;
  return v_counts;
end
$$;

-- Marks batches in doubt as unknown when they cannot be sent again. There are two reasons: the provider takes no
-- idempotency keys, or the batch was first sent so long ago that the provider may have forgotten the key. p_keys_ms:
-- see take_campaign_batches. Batches that this claim has taken are left out, because they are still in flight. Returns
-- the counts that were added.
create function private.give_up_campaign_batches(p_campaign_id uuid, p_part public.job_parts, p_keys_ms jsonb, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  select private.write_campaign_outcomes(p_campaign_id, null, jsonb_agg(jsonb_build_object('batchNo', batch_no,
    'sent', '{}'::jsonb, 'failed', '{}'::jsonb, 'rest', 'outcome_unknown')))
  from public.campaign_batches
  where campaign_id = p_campaign_id and part_no = p_part.part_no and status = 'sending'
    and lease_token is distinct from p_part.lease_token
    and (p_keys_ms ->> provider is null
      or first_sending_at <= p_now - (p_keys_ms ->> provider)::float8 * interval '1 millisecond')
  having count(*) > 0;
$$;

-- The last check before p_provider is called. Takes at most p_limit open batches of the part, but no batch of which
-- another provider may have accepted a mail. Recipients that left the list or were suppressed after planning are
-- skipped, unless a provider may have accepted the batch: then its content is frozen. p_keys_ms: {"<provider>": for how
-- many milliseconds the provider recognizes the key of a batch}; a provider without keys is not named. During this time
-- a batch in doubt may be sent again with its key. After it the batch becomes unknown, and a person must resolve it.
-- Returns {"state": "open", "campaign": {"id", "content"}, "batches": [{"batchNo", "inDoubt", "recipients": [[id,
-- email, fields]]}]} | {"state": "done" | "lost"} | {"state": "stopped", "because"} | {"state": "paused"}: a person
-- paused the campaign. "lost" is also the answer when the job was canceled or skipped.
create function public.take_campaign_batches(
  p_part_id bigint, p_token uuid, p_provider text, p_limit integer, p_keys_ms jsonb, p_now timestamptz
)
returns json
language plpgsql
set search_path = ''
as $$
declare
  v_state text := private.hold_part(p_part_id, p_token, null);
  v_part public.job_parts;
  v_campaign public.campaigns;
  v_given_up jsonb;
  v_batch public.campaign_batches;
  v_taken json[] := '{}';
begin
  select * into v_part from public.job_parts where id = p_part_id;
  select * into v_campaign from public.campaigns where plan_job_id = v_part.job_id;
  if v_state is null then
    v_given_up := private.give_up_campaign_batches(v_campaign.id, v_part, p_keys_ms, p_now);
    v_state := case when v_given_up is not null then private.settle_part(p_part_id, p_token, v_given_up, null, p_now) end;
  end if;
  if v_state in ('lost', 'done') then
    return json_build_object('state', v_state);
  elsif v_campaign.stopped_at is not null then
    return json_build_object('state', 'stopped', 'because', coalesce(v_campaign.note, 'The campaign was stopped'));
  end if;
  select case when status in ('canceled', 'skipped') then 'lost' when paused_at is not null then 'paused' end into v_state
  from public.jobs where id = v_part.job_id;
  if v_state is not null then
    return json_build_object('state', v_state);
  end if;
  for v_batch in
    select * from public.campaign_batches
    where campaign_id = v_campaign.id and part_no = v_part.part_no and status in ('pending', 'sending')
      and (provider = p_provider or status = 'pending' and sent_count + unknown_count = 0)
      and (lease_token is distinct from p_token or provider is distinct from p_provider)
    order by batch_no limit p_limit for no key update
  loop
    v_batch.skipped_count := v_batch.skipped_count + private.skip_suppressed(v_campaign.list_id, v_batch);
    update public.campaign_batches set status = 'sending', attempts = attempts + 1, lease_token = p_token, provider = p_provider,
      first_sending_at = coalesce(first_sending_at, p_now), skipped_count = v_batch.skipped_count
    where campaign_id = v_campaign.id and batch_no = v_batch.batch_no;
    v_taken := v_taken || json_build_object('batchNo', v_batch.batch_no, 'inDoubt', v_batch.status = 'sending',
      'recipients', private.open_recipients(v_batch));
  end loop;
  return json_build_object('state', 'open', 'batches', array_to_json(v_taken), 'campaign', json_build_object(
    'id', v_campaign.id, 'content', private.campaign_content(v_campaign)));
end
$$;

-- p_outcomes: [{"batchNo", "sent": {"<subscriber id>": "<provider's message id>"}, "failed": {"<subscriber id>":
-- ["<code>", "<words>"]; the code "outcome_unknown" makes it unknown}, "rest"}]. "rest" is the outcome of all others:
-- "open" when the provider did not accept them, or the code with which they become unknown. Without "rest", every
-- recipient must be named. Batches that are not named stay in doubt. Returns what settle_part returns.
create function public.settle_campaign_batches(
  p_part_id bigint, p_token uuid, p_provider text, p_outcomes jsonb, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_state text := private.hold_part(p_part_id, p_token, null);
  v_campaign_id uuid;
begin
  if v_state is not null then
    return v_state;
  end if;
  select campaigns.id into v_campaign_id
  from public.job_parts join public.campaigns on plan_job_id = job_parts.job_id where job_parts.id = p_part_id;
  return private.settle_part(p_part_id, p_token,
    private.write_campaign_outcomes(v_campaign_id, p_provider, p_outcomes), null, p_now);
end
$$;

revoke execute on function private.open_recipients, private.skip_suppressed, private.write_campaign_outcomes,
  private.give_up_campaign_batches, public.take_campaign_batches, public.settle_campaign_batches
  from public, anon, authenticated;
grant execute on function private.open_recipients, private.skip_suppressed, private.write_campaign_outcomes,
  private.give_up_campaign_batches, public.take_campaign_batches, public.settle_campaign_batches
  to service_role;
